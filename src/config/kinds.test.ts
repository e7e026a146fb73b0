import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusal } from "../../test/support/kind-refusal.ts";
import {
  choice,
  count,
  describeSize,
  duration,
  fileMode,
  listOf,
  logTarget,
  path,
  size,
  toggle,
  workerRange,
} from "./kinds.ts";

describe("count", () => {
  it("reads whole numbers within its bounds", () => {
    assert.equal(count({ min: 1, max: 5 }).parse("1"), 1);
    assert.equal(count({ min: 1, max: 5 }).parse("5"), 5);
    assert.equal(count().parse("0"), 0);
  });

  it("names the nearest bound", () => {
    assert.equal(refusal(count({ min: 1, max: 5 }), "0"), "too small; the smallest is 1");
    assert.equal(refusal(count({ min: 1, max: 5 }), "6"), "too large; the largest is 5");
  });

  for (const text of [
    "",
    "-1",
    "+1",
    "1.5",
    "1e3",
    " 1",
    "0x10",
    "1_000",
    "٣",
    "9999999999999999",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(refusal(count({ min: 2 }), text), "not a whole number; write it like 2");
    });
  }

  it("gives an example without a minimum too", () => {
    assert.equal(refusal(count(), "x"), "not a whole number; write it like 1");
  });
});

describe("workerRange", () => {
  const workers = workerRange({ min: 1, max: 16 });

  it("reads one number as exactly so many", () => {
    assert.deepEqual(workers.parse("4"), { min: 4, max: 4 });
    assert.equal(workers.describe({ min: 4, max: 4 }), "4");
  });

  it("reads minimum and maximum", () => {
    assert.deepEqual(workers.parse("2:8"), { min: 2, max: 8 });
    assert.equal(workers.describe({ min: 2, max: 8 }), "2:8");
  });

  it("offers the numbers the right way round", () => {
    assert.equal(refusal(workers, "8:2"), "the minimum is above the maximum; did you mean 2:8?");
  });

  it("checks both numbers", () => {
    assert.equal(refusal(workers, "0:4"), "too small; the smallest is 1");
    assert.equal(refusal(workers, "1:17"), "too large; the largest is 16");
    assert.equal(refusal(workers, "1:"), "not a whole number; write it like 1");
    assert.equal(refusal(workers, "1:2:3"), "not a whole number; write it like 1");
  });
});

describe("duration", () => {
  for (const [text, ms] of [
    ["500ms", 500],
    ["30s", 30_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["30", 30_000],
    ["1.5", 1500],
    ["0.25s", 250],
    ["30S", 30_000],
    ["0.0001", 1],
  ] as const) {
    it(`reads ${text} as ${ms} ms`, () => assert.equal(duration().parse(text), ms));
  }

  for (const text of ["", "s", "30x", "-1", "1e3", "1 s", "1s1s", ".5", "1,5"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(refusal(duration(), text), "not a duration; write it like 30s, 500ms or 2m");
    });
  }

  it("takes zero only where zero means something", () => {
    assert.equal(duration({ zeroIsOff: true }).parse("0"), 0);
    assert.equal(duration({ min: 0 }).parse("0s"), 0);
    assert.equal(refusal(duration(), "0"), "too small; the smallest is 1ms");
  });

  it("refuses what no timer of Node can wait", () => {
    assert.equal(duration().parse("24d"), 2_073_600_000);
    assert.equal(refusal(duration(), "25d"), "too large; the largest is 24d");
  });

  for (const [ms, text] of [
    [0, "0"],
    [1, "1ms"],
    [1500, "1500ms"],
    [1000, "1s"],
    [30_000, "30s"],
    [60_000, "60s"],
    [90_000, "90s"],
    [120_000, "2m"],
    [7_200_000, "2h"],
  ] as const) {
    it(`shows ${ms} ms as ${text} and reads it back`, () => {
      assert.equal(duration().describe(ms), text);
      assert.equal(duration({ min: 0 }).parse(text), ms);
    });
  }
});

describe("size", () => {
  for (const [text, bytes] of [
    ["512", 512],
    ["512B", 512],
    ["64KiB", 65_536],
    ["64k", 65_536],
    ["64kB", 64_000],
    ["1MB", 1_000_000],
    ["1M", 1_048_576],
    ["64mib", 67_108_864],
    ["10G", 10_737_418_240],
    ["1GB", 1_000_000_000],
    ["1.5KiB", 1536],
  ] as const) {
    it(`reads ${text} as ${bytes} bytes`, () => assert.equal(size().parse(text), bytes));
  }

  for (const text of ["", "KiB", "1TiB", "1 MB", "-1", "1e6", "0x10", "1Kib2", "1ki"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(refusal(size(), text), "not a size; write it like 512, 64KiB, 10MB or 1GiB");
    });
  }

  it("checks its bounds", () => {
    assert.equal(refusal(size({ min: 1024 }), "1000"), "too small; the smallest is 1KiB");
    assert.equal(refusal(size({ max: 2 ** 20 }), "1GiB"), "too large; the largest is 1MiB");
    assert.equal(refusal(size(), "0"), "too small; the smallest is 1B");
    assert.equal(size({ zeroIsOff: true }).parse("0"), 0);
  });

  it("refuses more bytes than a number can count", () => {
    assert.match(refusal(size(), "999999999999999GiB"), /^too large; /);
  });

  for (const [bytes, text] of [
    [0, "0"],
    [500, "500B"],
    [1536, "1536B"],
    [2048, "2KiB"],
    [2 ** 21, "2MiB"],
    [10 * 2 ** 30, "10GiB"],
  ] as const) {
    it(`shows ${bytes} as ${text} and reads it back`, () => {
      assert.equal(describeSize(bytes), text);
      assert.equal(size({ min: 0 }).parse(text), bytes);
    });
  }
});

describe("choice", () => {
  const preload = choice("auto", "on", "off");

  it("takes its words", () => {
    assert.equal(preload.parse("off"), "off");
    assert.equal(preload.describe("on"), "on");
    assert.equal(preload.placeholder, "auto|on|off");
  });

  it("leads to the nearest word", () => {
    assert.equal(refusal(preload, "atuo"), "not a known word; did you mean auto?");
    assert.equal(refusal(preload, "ON"), "not a known word; did you mean on?");
    assert.equal(refusal(preload, "sometimes"), "not a known word; write auto or on or off");
  });
});

describe("path", () => {
  it("takes anything but nothing", () => {
    assert.equal(path.parse("a b"), "a b");
    assert.equal(path.describe("a b"), "a b");
    assert.equal(refusal(path, ""), "empty; write a path");
  });
});

describe("logTarget", () => {
  for (const [text, target] of [
    ["-", { kind: "stdout" }],
    ["off", { kind: "off" }],
    ["access.log", { kind: "file", path: "access.log" }],
  ] as const) {
    it(`reads ${text} and shows it again`, () => {
      assert.deepEqual(logTarget.parse(text), target);
      assert.equal(logTarget.describe(target), text);
    });
  }

  it("refuses nothing", () => {
    assert.equal(refusal(logTarget, ""), "empty; write a path, - for standard output, or off");
  });
});

describe("listOf", () => {
  const numbers = listOf(count());

  it("reads one at a time and joins them in order", () => {
    assert.deepEqual(numbers.parse("1"), [1]);
    assert.deepEqual(numbers.combine?.([[1], [2], [3]]), [1, 2, 3]);
    assert.equal(numbers.describe([1, 2]), "1, 2");
    assert.equal(numbers.placeholder, "N");
  });
});

describe("toggle", () => {
  for (const text of ["on", "true", "yes", "1", "ON"]) {
    it(`reads ${text} as on`, () => assert.equal(toggle.parse(text), true));
  }
  for (const text of ["off", "false", "no", "0"]) {
    it(`reads ${text} as off`, () => assert.equal(toggle.parse(text), false));
  }

  it("is on when it stands alone", () => {
    assert.equal(toggle.parse(toggle.bare ?? ""), true);
    assert.equal(toggle.describe(true), "on");
    assert.equal(toggle.describe(false), "off");
  });

  it("refuses other words", () => {
    assert.equal(refusal(toggle, "maybe"), "not a known word; write on or off");
  });
});

describe("fileMode", () => {
  for (const text of ["660", "0660", "0o660"]) {
    it(`reads ${text} as octal`, () => assert.equal(fileMode.parse(text), 0o660));
  }

  it("shows four digits", () => {
    assert.equal(fileMode.describe(0o660), "0660");
    assert.equal(fileMode.describe(0), "0000");
  });

  it("refuses what is not octal, and more than permissions", () => {
    assert.equal(refusal(fileMode, "0668"), "not octal; write it like 0660");
    assert.equal(refusal(fileMode, "rw-rw----"), "not octal; write it like 0660");
    assert.equal(refusal(fileMode, "1777"), "too large; the largest is 0777");
  });
});
