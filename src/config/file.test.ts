import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfigFile } from "./file.ts";
import type { OptionName } from "./options.ts";
import { StartupError } from "./startup-error.ts";

const textsOf = (name: OptionName, text: string): readonly string[] | undefined =>
  parseConfigFile(text, "r.toml").layer.get(name)?.texts;

function message(text: string): string {
  try {
    parseConfigFile(text, "r.toml");
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  assert.fail("was taken");
}

describe("parseConfigFile", () => {
  it("reads numbers, texts and lists", () => {
    assert.deepEqual(textsOf("threads", "threads = 4"), ["4"]);
    assert.deepEqual(textsOf("workers", "workers = 4"), ["4"]);
    assert.deepEqual(textsOf("workers", 'workers = "2:8"'), ["2:8"]);
    assert.deepEqual(textsOf("requestTimeoutMs", "request-timeout = 0.5"), ["0.5"]);
    assert.deepEqual(textsOf("requestTimeoutMs", 'request-timeout = "2m"'), ["2m"]);
    assert.deepEqual(textsOf("maxBodyBytes", "max-body = 1_000"), ["1000"]);
    assert.deepEqual(textsOf("bind", 'bind = ":1"'), [":1"]);
    assert.deepEqual(textsOf("bind", 'bind = [":1", "unix:/a"]'), [":1", "unix:/a"]);
    assert.deepEqual(textsOf("preload", 'preload = "off"'), ["off"]);
    assert.deepEqual(textsOf("user", "user = 1000"), ["1000"]);
    const peers = 'forwarded-allow-ips = ["10.0.0.0/8", "unix"]';
    assert.deepEqual(textsOf("forwardedAllowIps", peers), ["10.0.0.0/8", "unix"]);
  });

  it("shows a value of the right type where the default is none", () => {
    assert.match(
      message("umask = 0o027"),
      /umask cannot be a number; write it like umask = "027"$/,
    );
    assert.match(
      message("forwarded-allow-ips = 1"),
      /like forwarded-allow-ips = "10\.0\.0\.0\/8"$/,
    );
  });

  it("reads a switch as true and false, or as on and off", () => {
    assert.deepEqual(textsOf("reusePort", "reuse-port = true"), ["on"]);
    assert.deepEqual(textsOf("reusePort", "reuse-port = false"), ["off"]);
    assert.deepEqual(textsOf("reusePort", 'reuse-port = "on"'), ["on"]);
  });

  it("takes the word auto for what is computed, whatever its type", () => {
    assert.deepEqual(textsOf("queueLength", 'queue-length = "auto"'), ["auto"]);
  });

  it("reads variables of the application as a list and as a table", () => {
    assert.deepEqual(textsOf("env", 'env = ["A=1", "B=c=d"]'), ["A=1", "B=c=d"]);
    assert.deepEqual(textsOf("env", 'env = { A = "1", "B" = "c=d" }'), ["A=1", "B=c=d"]);
    const { layer } = parseConfigFile('threads = 1\n[env]\nA = "1"\n', "r.toml");
    const given = layer.get("env");
    assert.deepEqual(given?.texts, ["A=1"]);
    assert.equal(given.origin.kind === "file" && given.origin.line, 2);
  });

  it("takes an empty list for nothing, where that is the default", () => {
    assert.equal(textsOf("env", "env = []"), undefined);
    assert.equal(textsOf("pythonpath", "pythonpath = []"), undefined);
  });

  it("keeps file and line of each", () => {
    const { layer } = parseConfigFile("# one\n\n  'threads'=4\nbacklog   = 5", "a/r.toml");
    const at = { kind: "file", path: "a/r.toml" };
    assert.deepEqual(layer.get("threads")?.origin, { ...at, line: 3, key: "threads" });
    assert.deepEqual(layer.get("backlog")?.origin, { ...at, line: 4, key: "backlog" });
  });

  it("does without the line where the key is written by escapes", () => {
    const { layer } = parseConfigFile(String.raw`"thre\u0061ds" = 4`, "r.toml");
    const origin = layer.get("threads")?.origin;
    assert.ok(origin?.kind === "file" && origin.line === undefined);
  });

  it("reads the application's name", () => {
    const { application } = parseConfigFile('application = "mysite.wsgi"', "r.toml");
    assert.equal(application?.text, "mysite.wsgi");
    assert.equal(parseConfigFile("", "r.toml").application, undefined);
  });

  for (const [text, expected] of [
    ["worker = 4", "r.toml:1: unknown key worker; did you mean workers?"],
    ["request_timeout = 4", "r.toml:1: unknown key request_timeout; did you mean request-timeout?"],
    ["\ncolour = 4", "r.toml:2: unknown key colour; rickhouse --help all lists all"],
    [
      "[server]\nthreads = 4",
      "r.toml:1: unknown key server; options stand without tables, as in workers = 4",
    ],
    ['"a:b é" = 1', "r.toml:1: unknown key a:b é; rickhouse --help all lists all"],
    [
      'config = "x"',
      "r.toml:1: unknown key config; it does not stand in a file; write --config or RICKHOUSE_CONFIG",
    ],
    [
      "timeout = 4",
      "r.toml:1: unknown key timeout; write request-timeout TIME (the application's silence)",
    ],
    ['threads = "4"', "r.toml:1: threads cannot be a text in quotes; write it like threads = 1"],
    ["preload = true", 'r.toml:1: preload cannot be true or false; write it like preload = "auto"'],
    ["python = 3", 'r.toml:1: python cannot be a number; write it like python = "auto"'],
    ["threads = [4]", "r.toml:1: threads cannot be a list; write it like threads = 1"],
    [
      "bind = []",
      'r.toml:1: bind cannot be an empty list; write it like bind = ["127.0.0.1:8888"]',
    ],
    ["bind = [1]", 'r.toml:1: bind cannot be a number; write it like bind = ["127.0.0.1:8888"]'],
    ["chdir = 1979-05-27", 'r.toml:1: chdir cannot be a date; write it like chdir = "."'],
    ["chdir = { a = 1 }", 'r.toml:1: chdir cannot be a table; write it like chdir = "."'],
    [
      String.raw`chdir = "a\u0000"`,
      'r.toml:1: chdir cannot be a text with NUL; write it like chdir = "."',
    ],
    [
      "application = 4",
      'r.toml:1: application cannot be a number; write it like application = "mysite.wsgi"',
    ],
    ["workers = true", 'r.toml:1: workers cannot be true or false; write it like workers = "2:8"'],
  ] as const) {
    it(`answers ${JSON.stringify(text)} in one line`, () => assert.equal(message(text), expected));
  }

  for (const text of [
    "threads",
    "threads = ",
    "threads = 4 5",
    "a = 1\na = 2",
    'chdir = "',
    "__proto__ = 1",
    "threads = 99999999999999999999",
    "[a]\n[a]",
  ]) {
    it(`names the line of ${JSON.stringify(text)}, which is no TOML`, () => {
      assert.match(message(text), /^r\.toml:[12]: [^\n]+; correct the line; the format is TOML$/);
    });
  }
});
