import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PROTOCOL_VERSION } from "../../core/wire/frame.ts";
import type { LoadRequest } from "./control-messages.ts";
import { Zygote } from "./zygote.ts";

const LOAD: LoadRequest = {
  type: "load",
  protocol: PROTOCOL_VERSION,
  version: "",
  directory: "/",
  module: "none",
  callable: null,
  pythonPath: [],
  preload: "auto",
  threads: 1,
  channelPath: "/none",
  outputPath: null,
  reportsPath: null,
  privateDirectory: "/none",
  maxWorkers: 1,
  softFileLimit: null,
  gracefulTimeoutMs: 0,
  multiprocess: false,
  watch: false,
  debug: false,
};

/** How a zygote with this interpreter is reported to have ended. */
function endOf(python: string): Promise<string> {
  return new Promise((resolve) => {
    const zygote = new Zygote({ python, env: [] });
    zygote.load(LOAD, { onReport: () => {}, onGone: resolve });
    // Neither may throw, whatever became of the process.
    zygote.send({ type: "stop" });
  });
}

describe("a zygote that cannot be started", () => {
  it("has ended, when there is no such program", async () => {
    assert.match(await endOf("/nowhere/python"), /ENOENT/);
  });

  it("has ended, when spawn() itself throws, as it does without memory or descriptors", async () => {
    assert.match(await endOf("a\0b"), /null bytes/);
  });

  it("has ended, when the program is not ours", async () => {
    assert.equal(await endOf("/bin/true"), "exit status 0");
  });
});

describe("a zygote that has left a child behind", () => {
  it("has ended, though the child holds its control socket", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zygote-test-"));
    const python = join(directory, "python");
    const child = `sleep 60 </dev/null >/dev/null 2>&1 &\necho $! >"${directory}/child"`;
    writeFileSync(python, `#!/bin/sh\n${child}\nexit 7\n`, { mode: 0o755 });
    try {
      assert.equal(await endOf(python), "exit status 7");
      // It has not ended by itself.
      process.kill(Number(readFileSync(join(directory, "child"), "latin1")));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("the load message", () => {
  it("has the variables that the front has set since, and no others", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zygote-test-"));
    const python = join(directory, "python");
    // In place of Python: keeps the message.
    writeFileSync(python, `#!/bin/sh\nhead -n 1 <&3 >"${directory}/load"\n`, { mode: 0o755 });
    try {
      const env = [{ name: "RICKHOUSE_TEST_GIVEN", value: "theirs" }];
      const zygote = new Zygote({ python, env });
      process.env["RICKHOUSE_TEST_GIVEN"] = "ours";
      process.env["RICKHOUSE_TEST_LATE"] = "a b";
      await new Promise<string>((resolve) => {
        zygote.load(LOAD, { onReport: () => {}, onGone: resolve });
      });
      const load: unknown = JSON.parse(readFileSync(join(directory, "load"), "utf8"));
      assert.deepEqual(load, { ...LOAD, environment: { RICKHOUSE_TEST_LATE: "a b" } });
    } finally {
      delete process.env["RICKHOUSE_TEST_GIVEN"];
      delete process.env["RICKHOUSE_TEST_LATE"];
      rmSync(directory, { recursive: true });
    }
  });
});
