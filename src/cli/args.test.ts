import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StartupError } from "../config/startup-error.ts";
import { type Command, parseArguments } from "./args.ts";

/** Options as an object, for a short expectation. */
function serve(...argv: string[]): {
  application: string;
  given: Record<string, readonly string[]>;
} {
  const command = parseArguments(argv);
  assert.ok(command.kind === "serve");
  return { application: command.application, given: Object.fromEntries(command.raw) };
}

function message(...argv: string[]): string {
  try {
    parseArguments(argv);
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

  for (const [flag, kind] of [
    ["--help", "help"],
    ["-h", "help"],
    ["--version", "version"],
    ["-V", "version"],
  ] as const) {
    it(`lets ${flag} win over what is missing`, () => {
      assert.deepEqual<Command>(parseArguments(["--workers", "4", flag, "--nonsense"]), { kind });
    });
  }

  for (const [argv, expected] of [
    [[], "no application named; write rickhouse [path/to/]module:callable"],
    [["--"], "no application named; write rickhouse [path/to/]module:callable"],
    [
      ["a", "b"],
      "two applications named, a and b; name one; a value that belongs to an option stands right behind it",
    ],
    [["--worker", "4", "a"], "unknown option --worker; did you mean --workers?"],
    [["--worker=4", "a"], "unknown option --worker; did you mean --workers?"],
    [["--max_body", "4", "a"], "unknown option --max_body; did you mean --max-body?"],
    [["--colour", "a"], "unknown option --colour; rickhouse --help lists all"],
    [["-workers", "a"], "unknown option -workers; did you mean --workers?"],
    [["-colour", "a"], "unknown option -colour; rickhouse --help lists all"],
    [["-max-boddy=1", "a"], "unknown option -max-boddy; did you mean --max-body?"],
    [["-x", "a"], "unknown option -x; rickhouse --help lists all"],
    [["a", "--workers"], "--workers needs a value; write --workers N|MIN:MAX"],
    [["-w"], "-w needs a value; write -w N|MIN:MAX"],
    [["--workers", "--threads", "2", "a"], "--workers needs a value; write --workers N|MIN:MAX"],
    [["--workers", "-t", "2", "a"], "--workers needs a value; write --workers N|MIN:MAX"],
    [["--help=yes"], "--help takes no value; write --help alone"],
  ] as const) {
    it(`answers ${JSON.stringify(argv)} in one line`, () =>
      assert.equal(message(...argv), expected));
  }
});
