// What an application raises, and what it says on wsgi.errors: the client learns nothing of it, the log all, and the worker lives on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Cases } from "../support/wsgi-cases.ts";

/** What is raised, and the line in the log that names it. */
const KINDS: readonly [kind: string, log: string][] = [
  ["exception", "RuntimeError: on purpose: a secret"],
  ["system-exit", "SystemExit: 3"],
  ["system-exit-0", "SystemExit: 0"],
  ["keyboard-interrupt", "KeyboardInterrupt"],
  ["generator-exit", "GeneratorExit"],
  ["stop-iteration", "StopIteration"],
  ["recursion", "RecursionError: maximum recursion depth"],
  ["memory", "MemoryError"],
  ["base", "wsgi_cases_errors._OwnBase: of its own"],
  ["unspeakable", "wsgi_cases_errors._Unspeakable: <(exception str\\(\\) failed|unprintable .*)>"],
  ["chained", "RuntimeError: the effect"],
  ["non-ascii", "RuntimeError: "],
  ["multi-line", "RuntimeError: one\n {4}two"],
  ["assertion", "AssertionError"],
  ["os-error", "OSError: \\[Errno 5\\] input/output"],
  ["broken-pipe", "BrokenPipeError: \\[Errno 32\\] of the application itself"],
  ["reset", "ConnectionResetError: \\[Errno 104\\] of the application itself"],
  ["timeout", "TimeoutError: of the application itself"],
  ["syntax", "SyntaxError: "],
  ["unicode", "UnicodeDecodeError: "],
  ["zero", "ZeroDivisionError: "],
];

describe("an application that raises", () => {
  const cases = new Cases("wsgi_cases:app");

  /** The log lines that `run` brought. */
  async function logOf(run: () => Promise<unknown>): Promise<string> {
    const from = cases.server.stderr.length;
    await run();
    await cases.ask("/body/list-one");
    return cases.server.stderr.slice(from);
  }

  for (const place of ["in-call", "after-start"]) {
    describe(`${place}: 500, and the traceback in the log`, () => {
      for (const [kind, log] of KINDS) {
        it(kind, async () => {
          const worker = await cases.text("/errors/worker");
          const text = await logOf(() => cases.fails(`/errors/${place}?kind=${kind}`));
          assert.match(
            text,
            new RegExp(`error in GET /errors/${place} \\[\\w+\\]\n {4}Traceback[^]*\n {4}${log}`),
          );
          assert.equal(text.match(/error in GET/g)?.length, 1);
          // The query may hold secrets.
          assert.doesNotMatch(text, /kind=/);
          assert.equal(await cases.text("/errors/worker"), worker);
        });
      }
    });
  }

  describe("before the first chunk that is not empty: 500", () => {
    for (const place of ["in-first-chunk", "after-empty-chunk"]) {
      for (const kind of ["exception", "system-exit", "keyboard-interrupt", "generator-exit"]) {
        it(`${place}: ${kind}`, async () => {
          const text = await logOf(() => cases.fails(`/errors/${place}?kind=${kind}`));
          assert.match(text, new RegExp(`error in GET /errors/${place} \\[\\w+\\]\n {4}Traceback`));
        });
      }
    }
    cases.itFails(
      "/errors/in-iter",
      /in GET \/errors\/in-iter \[\w+\]\n[^]*in __iter__/,
      "in __iter__",
    );
  });

  describe("behind the head: broken, never a clean end", () => {
    for (const place of ["after-first-chunk", "after-write"]) {
      for (const [kind] of KINDS.slice(0, 8)) {
        it(`${place}: ${kind}`, async () => {
          const text = await logOf(() => cases.breaks(`/errors/${place}?kind=${kind}`, "first"));
          assert.match(text, new RegExp(`error in GET /errors/${place} \\[\\w+\\]\n {4}Traceback`));
        });
      }
      it(`${place}, to HTTP/1.0: a reset, since an end would look like success`, async () => {
        using client = cases.begin(`/errors/${place}?kind=exception`, { version: "1.0" });
        await client.closed();
        assert.equal(client.error?.code, "ECONNRESET");
      });
    }
  });

  it("has a traceback that begins with its own code", async () => {
    const text = await logOf(() => cases.fails("/errors/in-call?kind=chained"));
    assert.match(text, /^ {4}KeyError: 'the cause'$/m);
    assert.match(text, /in _chained$/m);
    const frames = text.match(/File "[^"]*"/g) ?? [];
    assert.ok(frames.length >= 3);
    assert.ok(frames.every((frame) => frame.includes("test/apps/wsgi_cases")));
  });
  for (const method of ["POST", "HEAD", "DELETE", "FOO"]) {
    it(`is named by its method: ${method}`, async () => {
      const target = "/errors/in-call?kind=exception";
      const text = await logOf(() => cases.fails(target, { method }));
      assert.match(text, new RegExp(`error in ${method} /errors/in-call \\[\\w+\\]\n`));
    });
  }
  it("is named by the path as it was sent, harmless in a log", async () => {
    const text = await logOf(() => cases.fails("/errors/%69n-call?kind=exception"));
    assert.match(text, /error in GET \/errors\/%69n-call \[\w+\]\n/);
  });
  it("may have an error page of its own", async () => {
    const text = await logOf(async () => {
      const answer = await cases.ask("/errors/own-error-page");
      assert.equal(`${answer.status} ${answer.reason}`, "500 Mine");
      assert.equal(answer.body.toString(), "<h1>sorry</h1>");
    });
    assert.equal(text, "");
  });
  it("does not hurt those who wait behind it on the same connection", async () => {
    using client = cases.begin("/errors/in-call?kind=exception");
    await client.response();
    for (let count = 0; count < 5; count++) await cases.goesOn(client);
  });
});

describe("wsgi.errors", () => {
  const cases = new Cases("wsgi_cases:app");

  for (const [kind, lines] of [
    ["write", "errors: a line\n"],
    ["lines", "errors: line one\nerrors: line two\n"],
    ["flush", "errors: no line end\n"],
    ["text", Buffer.from("errors: \u20ac \xe9 \u{1F943}\n").toString("latin1")],
    ["surrogate", "errors: lone \\udce9\n"],
    ["long", `errors: ${"x".repeat(100_000)} end\n`],
    ["print", "errors: printed 1 2\n"],
  ] as const) {
    it(`reaches standard error, untouched: ${kind}`, async () => {
      const from = cases.server.stderr.length;
      assert.equal(await cases.text(`/errors/stream?kind=${kind}`), "said");
      await cases.server.logged(lines);
      assert.equal(cases.server.stderr.slice(from), lines);
    });
  }
  it("has what PEP 3333 asks for", async () => {
    assert.equal(await cases.text("/errors/stream-methods"), "flush,write,writelines");
  });
  for (const [kind, before] of [
    ["close", "before close"],
    ["with", "within"],
  ] as const) {
    it(`is there for the next request when one has closed it: ${kind}`, async () => {
      const from = cases.server.stderr.length;
      assert.equal(await cases.text(`/errors/stream?kind=${kind}`), "said");
      assert.equal(await cases.text("/errors/stream?kind=write"), "said");
      await cases.server.logged(`errors: ${before},errors: a line\n`);
      assert.equal(cases.server.stderr.slice(from), `errors: ${before},errors: a line\n`);
    });
  }
  it("works in close()", async () => {
    assert.equal(await cases.text("/errors/stream-in-close"), "said");
    await cases.server.logged("errors: in close\n");
  });
  it("stays in order with the traceback that follows", async () => {
    const from = cases.server.stderr.length;
    await cases.fails("/errors/stream?kind=unfinished");
    await cases.server.logged("behind an unfinished line\n");
    const text = cases.server.stderr.slice(from);
    assert.ok(text.startsWith("errors: unfinished,"), text);
  });
});
