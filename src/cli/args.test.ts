import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FOREIGN_NAMES, foreignOption } from "../config/foreign-options.ts";
import { StartupError } from "../config/startup-error.ts";
import { flagOf, OPTION_NAMES } from "../config/options.ts";
import { type Arguments, onlyWord, parseArguments } from "./args.ts";

/** Options as an object, for a short expectation. */
function serve(...argv: string[]): {
  application: string;
  given: Record<string, readonly string[]>;
} {
  const parsed = parseArguments(argv);
  assert.ok(parsed.kind === "command" && parsed.command === "serve");
  return { application: onlyWord(parsed.words) ?? "", given: Object.fromEntries(parsed.raw) };
}

function message(...argv: string[]): string {
  try {
    const parsed = parseArguments(argv);
    if (parsed.kind === "command") onlyWord(parsed.words);
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  assert.fail("was taken");
}

describe("parseArguments", () => {
  it("takes the application alone", () => {
    assert.deepEqual(serve("app:app"), { application: "app:app", given: {} });
  });

  for (const argv of [
    ["--workers", "4", "app"],
    ["--workers=4", "app"],
    ["-w", "4", "app"],
    ["-w4", "app"],
    ["-w=4", "app"],
    ["app", "--workers", "4"],
    ["--workers", "4", "--", "app"],
  ]) {
    it(`reads ${argv.join(" ")}`, () => {
      assert.deepEqual(serve(...argv), { application: "app", given: { workers: ["4"] } });
    });
  }

  it("keeps repeated options in order", () => {
    const { given } = serve("-b", ":1", "app", "--bind=:2", "-b:3");
    assert.deepEqual(given, { bind: [":1", ":2", ":3"] });
  });

  it("keeps what stands behind the first = of a value, and an empty value", () => {
    assert.deepEqual(serve("--chdir=a=b", "app").given, { chdir: ["a=b"] });
    assert.deepEqual(serve("--chdir=", "app").given, { chdir: [""] });
  });

  it("takes a value that starts with a dash", () => {
    assert.deepEqual(serve("--access-log", "-", "app").given, { accessLog: ["-"] });
    assert.deepEqual(serve("--threads", "-1", "app").given, { threads: ["-1"] });
  });

  it("takes a switch alone, or with a value behind =", () => {
    assert.deepEqual(serve("--reuse-port", "app").given, { reusePort: ["on"] });
    assert.deepEqual(serve("--reuse-port=off", "app").given, { reusePort: ["off"] });
  });

  it("takes everything behind -- as it stands", () => {
    assert.equal(serve("--", "--app").application, "--app");
  });

  it("takes a dash alone as a name", () => {
    assert.equal(serve("-").application, "-");
  });

  for (const [flag, ending] of [
    ["--help", { kind: "help", topic: "" }],
    ["-h", { kind: "help", topic: "" }],
    ["--version", { kind: "version" }],
    ["-V", { kind: "version" }],
  ] as const) {
    it(`lets ${flag} win over what is missing`, () => {
      const argv = ["--workers", "4", flag, "--nonsense"];
      assert.deepEqual<Arguments>(parseArguments(argv), ending);
    });
  }

  it("takes a topic of help before and behind the flag", () => {
    for (const [argv, topic] of [
      [["--help", "all"], "all"],
      [["--help", "check"], "check"],
      [["check", "--help"], "check"],
      [["--help", "app:app"], ""],
      [["help"], ""],
      [["help", "check"], "check"],
    ] as const) {
      assert.deepEqual<Arguments>(parseArguments(argv), { kind: "help", topic });
    }
  });

  it("takes a command as the first word, also behind options", () => {
    for (const argv of [
      ["config", "--workers", "4", "app", "--json"],
      ["--workers=4", "config", "--json", "app"],
    ]) {
      assert.deepEqual(parseArguments(argv), {
        kind: "command",
        command: "config",
        words: ["app"],
        raw: new Map([["workers", ["4"]]]),
        flags: new Map([["json", ""]]),
      });
    }
  });

  it("takes no command for what is an application: with a colon, behind --, as the second word", () => {
    assert.equal(serve("check:app").application, "check:app");
    assert.equal(serve("--", "check").application, "check");
    assert.deepEqual(parseArguments(["serve", "check"]), {
      kind: "command",
      command: "serve",
      words: ["check"],
      raw: new Map(),
      flags: new Map(),
    });
  });

  it("knows a command's own flags behind it only", () => {
    assert.match(message("--json", "config"), /^unknown option --json/);
    assert.match(message("--json"), /^unknown option --json/);
    assert.equal(message("config", "--json=1"), "--json takes no value; write --json alone");
  });

  for (const [argv, expected] of [
    [
      ["a", "b"],
      "two applications named, a and b; name one; a value that belongs to an option stands right behind it",
    ],
    [
      ["chekc", "app:app"],
      "two applications named, chekc and app:app; name one; a value that belongs to an option stands right behind it; check is a command",
    ],
    [["--worker", "4", "a"], "unknown option --worker; did you mean --workers?"],
    [["--worker=4", "a"], "unknown option --worker; did you mean --workers?"],
    [["--max_body", "4", "a"], "unknown option --max_body; did you mean --max-body?"],
    [["--colour", "a"], "unknown option --colour; rickhouse --help all lists all"],
    [["-workers", "a"], "unknown option -workers; did you mean --workers?"],
    [["-zebra", "a"], "unknown option -zebra; rickhouse --help all lists all"],
    [["-max-boddy=1", "a"], "unknown option -max-boddy; did you mean --max-body?"],
    [["-x", "a"], "unknown option -x; rickhouse --help all lists all"],
    [["a", "--workers"], "--workers needs a value; write --workers N|MIN:MAX"],
    [["-w"], "-w needs a value; write -w N|MIN:MAX"],
    [["--workers", "--threads", "2", "a"], "--workers needs a value; write --workers N|MIN:MAX"],
    [["--workers", "-b", "2", "a"], "--workers needs a value; write --workers N|MIN:MAX"],
    [["--help=yes"], "--help takes no value; write --help alone"],
  ] as const) {
    it(`answers ${JSON.stringify(argv)} in one line`, () =>
      assert.equal(message(...argv), expected));
  }
});

const OWN_FLAGS: ReadonlySet<string> = new Set(OPTION_NAMES.map(flagOf));
const OWN_LETTERS: ReadonlySet<string> = new Set(["-b", "-w", "-c", "-e"]);
const ROOT = join(import.meta.dirname, "../..");

/** From gunicorn's own list. */
function gunicornFlags(): readonly string[] {
  const text = readFileSync(join(ROOT, "test/vectors/gunicorn/settings.json"), "utf8");
  const flags = [...text.matchAll(/"(--?[\w-]+)"/g)].map(([, flag = ""]) => flag);
  assert.ok(flags.length > 100);
  return flags;
}

/** What the page names in the first columns of its tables, as the flag of it would be. */
function namesOfOthers(): readonly string[] {
  const rows = readFileSync(join(ROOT, "docs/from-others.md"), "utf8").matchAll(/^\| ([^|]*)/gm);
  const names = [...rows].flatMap(([, first = ""]) => [...first.matchAll(/`([^`(]+)`/g)]);
  assert.ok(names.length > 60);
  return names.map(([, name = ""]) => `--${name.replace(/^--| .*$/g, "").replaceAll("_", "-")}`);
}

describe("foreignOption", () => {
  // What becomes an option or a flag of our own is answered as that.
  for (const name of FOREIGN_NAMES.filter((one) => !OWN_FLAGS.has(one))) {
    it(`says what to use in place of ${name}, which we do not have`, () => {
      assert.ok((foreignOption(name) ?? "").length > 10);
      const line = message(name, "a");
      assert.equal(line, `unknown option ${name}; ${foreignOption(name)}`);
    });
  }

  for (const name of [...gunicornFlags(), ...namesOfOthers()]) {
    it(`knows ${name} of another server, unless it is an option of our own`, () => {
      const isOurs = OWN_FLAGS.has(name) || OWN_LETTERS.has(name);
      assert.ok(isOurs || foreignOption(name) !== undefined);
    });
  }

  it("tells apart what limits the whole run and what limits silence", () => {
    assert.match(foreignOption("--harakiri") ?? "", /--request-total-timeout/);
    assert.match(foreignOption("--timeout") ?? "", /--request-timeout/);
    assert.match(foreignOption("-m") ?? "", /--socket-mode MODE/);
  });

  it("knows nothing of other words", () => {
    assert.equal(foreignOption("--constructor"), undefined);
    assert.equal(foreignOption("toString"), undefined);
  });

  it("wins over a name that looks alike", () => {
    assert.match(message("--daemon", "a"), /^unknown option --daemon; it stays in the foreground/);
    assert.match(message("-k", "gevent", "a"), /^unknown option -k; /);
    assert.match(message("-kgevent", "a"), /^unknown option -k; /);
  });
});
