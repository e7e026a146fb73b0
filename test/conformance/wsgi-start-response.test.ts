// start_response (PEP 3333, "The start_response() Callable"): when it may be called, how often, and what it must refuse.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Cases } from "../support/wsgi-cases.ts";

/** By name in test/apps/wsgi_cases_start.py: what the log must say. */
const WRONG: Readonly<Record<string, readonly [log: RegExp, names: readonly string[]]>> = {
  "a status that is no str": [
    /TypeError: .*status/,
    ["status-none", "status-bytes", "status-int", "status-tuple", "status-list"],
  ],
  "a status that is none": [
    /ValueError: .*status.*three digits/,
    [
      "status-empty",
      "status-word",
      "status-short",
      "status-long",
      "status-negative",
      "status-leading-space",
      "status-tab",
      "status-no-space",
      "status-digits-of-others",
      "status-000",
    ],
  ],
  "an interim status": [/ValueError: .*status/, ["status-100", "status-101", "status-199"]],
  "a status with what is no text": [
    /ValueError: .*status.*(control character|latin-1)/,
    ["status-cr", "status-lf", "status-crlf", "status-nul", "status-not-latin1"],
  ],
  "headers that are no list": [
    /TypeError: .*headers.*list/,
    ["headers-none", "headers-tuple", "headers-dict", "headers-generator", "headers-text"],
  ],
  "headers that are no pairs": [
    /TypeError: .*header.*tuple/,
    ["pair-list", "pair-text", "pair-two-letters", "pair-one", "pair-three", "pair-none"],
  ],
  "a name that is no str": [/TypeError: .*header name.*str/, ["name-bytes", "name-none"]],
  "a name that is none": [
    /ValueError: .*is not a header name/,
    [
      "name-empty",
      "name-space",
      "name-trailing-space",
      "name-colon",
      "name-crlf",
      "name-lf",
      "name-nul",
      "name-latin1",
      "name-status",
    ],
  ],
  "a value that is no str": [
    /TypeError: .*X-A.*str/,
    ["value-bytes", "value-int", "value-none", "value-list"],
  ],
  "a value with a control character": [
    /ValueError: .*X-A.*control character/,
    [
      "value-cr",
      "value-lf",
      "value-crlf",
      "value-fold",
      "value-nul",
      "value-escape",
      "value-delete",
      "value-trailing-lf",
    ],
  ],
  "a value outside of latin-1": [
    /ValueError: .*X-A.*latin-1/,
    ["value-not-latin1", "value-surrogate"],
  ],
  "a hop-by-hop field": [
    /ValueError: .*hop-by-hop/,
    [
      "connection",
      "connection-lower",
      "keep-alive",
      "transfer-encoding",
      "transfer-encoding-case",
      "te",
      "trailers",
      "trailer",
      "upgrade",
      "proxy-authenticate",
      "proxy-authorization",
    ],
  ],
  "two lengths": [/ValueError: two Content-Length/, ["two-lengths", "two-equal-lengths"]],
  "a length that is none": [
    /(ValueError|TypeError): .*Content-Length/,
    [
      "length-empty",
      "length-plus",
      "length-minus",
      "length-space",
      "length-underscore",
      "length-hex",
      "length-list",
      "length-fraction",
      "length-superscript",
      "length-word",
      "length-huge",
      "length-int",
    ],
  ],
};

describe("start_response", () => {
  const cases = new Cases("wsgi_cases:app");

  describe("refuses", () => {
    for (const [what, [log, names]] of Object.entries(WRONG)) {
      for (const name of names) {
        it(`${what}: ${name}`, async () => {
          const start = cases.server.stderr.length;
          await cases.fails(`/start/wrong?${name}`);
          await cases.server.logged("error in GET /start/wrong [");
          // The line of this case: those of others stand before it.
          assert.match(cases.server.stderr.slice(start), log);
        });
      }
    }
    cases.itFails(
      "/start/wrong-without-arguments",
      /error in GET \/start\/wrong-without-arguments \[\w+\]\n[^]*TypeError/,
      "a call without arguments",
    );
  });

  describe("the status line", () => {
    for (const status of [
      "200 OK",
      "200 ",
      "200 Fine and dandy",
      "200  two spaces",
      "299 \xe9\xff",
      "404 Not\tFound",
      "451 Unavailable For Legal Reasons",
      "599 x",
      "799 beyond",
      "999 the last",
    ]) {
      it(`keeps ${JSON.stringify(status)}`, async () => {
        const answer = await given(status, []);
        assert.equal(answer.head.split("\r\n")[0], `HTTP/1.1 ${status}`);
        assert.equal(answer.body.toString(), "a body");
      });
    }
  });

  describe("the headers", () => {
    it("keep their case, order and values", async () => {
      const headers = [
        ["X-ONE", "1"],
        ["x-two", "a  b\tc"],
        ["X-one", "\xe9\xff"],
        ["X-Empty", ""],
        ["eTag", '"x"'],
      ];
      const { head } = await given("200 OK", headers);
      const lines = head.split("\r\n").slice(1, 1 + headers.length);
      assert.deepEqual(
        lines,
        headers.map(([name, value]) => `${name}: ${value}`),
      );
    });
    it("keep each Set-Cookie, in order", async () => {
      const cookies = [
        "a=1",
        "b=2; Path=/",
        "a=3",
        "c=x, y; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
      ];
      const { head } = await given(
        "200 OK",
        cookies.map((cookie) => ["Set-Cookie", cookie]),
      );
      const lines = head.split("\r\n").filter((line) => line.startsWith("Set-Cookie: "));
      assert.deepEqual(
        lines,
        cookies.map((cookie) => `Set-Cookie: ${cookie}`),
      );
    });
    it("keep the application's Date, once", async () => {
      const { head } = await given("200 OK", [["DATE", "Thu, 01 Jan 1970 00:00:00 GMT"]]);
      assert.deepEqual(head.match(/^date:.*$/gim), ["DATE: Thu, 01 Jan 1970 00:00:00 GMT"]);
      assert.equal(head.match(/^server:/gim)?.length, 1);
    });
    it("keep the application's Server, once", async () => {
      const { head } = await given("200 OK", [["server", "Mine/1"]]);
      assert.deepEqual(head.match(/^server:.*$/gim), ["server: Mine/1"]);
      assert.equal(head.match(/^date:/gim)?.length, 1);
    });
    it("get Date, Server, Content-Length and X-Request-ID when they are empty", async () => {
      const { fields } = await given("200 OK", []);
      assert.deepEqual([...fields.keys()].toSorted(), [
        "content-length",
        "date",
        "server",
        "x-request-id",
      ]);
    });
    it("keep a Content-Length in any case, once", async () => {
      const { head } = await given("200 OK", [["CONTENT-length", "6"]]);
      assert.deepEqual(head.match(/^content-length:.*$/gim), ["CONTENT-length: 6"]);
    });
    it("may be many", async () => {
      const headers = Array.from({ length: 500 }, (_, index) => [`X-${index}`, String(index)]);
      const { fields } = await given("200 OK", headers.slice(0, 200));
      assert.equal(fields.get("x-199"), "199");
    });
    it("may be long", async () => {
      const { fields } = await given("200 OK", [["X-Long", "v".repeat(10_000)]]);
      assert.equal(fields.get("x-long")?.length, 10_000);
    });
    it("may be names of every character that a name may have", async () => {
      const { head } = await given("200 OK", [["!#$%&'*+-.^_`|~09azAZ", "1"]]);
      assert.match(head, /^!#\$%&'\*\+-\.\^_`\|~09azAZ: 1$/m);
    });
    it("may be the other fields of connections: Via, Warning, Alt-Svc", async () => {
      const headers = [
        ["Via", "1.1 x"],
        ["Warning", "199 - x"],
        ["Alt-Svc", "clear"],
      ];
      const { fields } = await given("200 OK", headers);
      assert.equal(fields.get("via"), "1.1 x");
    });
  });

  describe("is called late:", () => {
    for (const [name, from] of [
      ["in-generator", "generator"],
      ["in-iterator", "__iter__"],
      ["in-next", "__next__"],
      ["in-generator-without-body", "generator"],
      ["after-empty-chunk", "after the empty chunk"],
    ] as const) {
      it(name, async () => {
        using client = cases.begin(`/start/${name}`);
        const answer = await client.response();
        assert.equal(`${answer.status} ${answer.reason}`, "201 Created");
        assert.equal(answer.fields.get("x-from"), from);
        assert.equal(answer.body.toString(), name.endsWith("without-body") ? "" : "a body");
        await cases.goesOn(client);
      });
    }
    cases.itFails("/start/after-full-chunk", "error in GET /start/after-full-chunk", "too late");
  });

  describe("is never called:", () => {
    for (const name of ["never", "never-and-empty", "never-in-generator"]) {
      cases.itFails(
        `/start/${name}`,
        new RegExp(`error in GET /start/${name} \\[\\w+\\]\n[^]*start_response`),
        name,
      );
    }
  });

  describe("is called twice", () => {
    for (const name of ["twice", "twice-with-none"]) {
      cases.itFails(
        `/start/${name}`,
        new RegExp(`error in GET /start/${name} \\[\\w+\\]\n[^]*AssertionError: start_response`),
        `without exc_info: ${name}`,
      );
    }
    it("without exc_info, which the application swallows: the first head counts", async () => {
      const answer = await cases.ask("/start/twice-swallowed");
      assert.equal(answer.fields.get("x-a"), "1");
      assert.equal(answer.body.toString(), "refused");
    });
    it("without exc_info, behind the head: broken", async () => {
      await cases.breaks("/start/twice-in-generator", "first");
      await cases.server.logged("error in GET /start/twice-in-generator");
    });
    for (const name of [
      "again",
      "again-first",
      "again-after-empty-chunk",
      "again-after-empty-write",
    ]) {
      it(`with exc_info before the head: ${name}: nothing of the old head is left`, async () => {
        using client = cases.begin(`/start/${name}`);
        const answer = await client.response();
        assert.equal(`${answer.status} ${answer.reason}`, "503 Sorry");
        assert.equal(answer.fields.get("x-new"), "2");
        assert.equal(answer.fields.get("x-old"), undefined);
        assert.equal(answer.fields.get("set-cookie"), undefined);
        assert.notEqual(answer.fields.get("content-length"), "99");
        assert.equal(answer.body.toString(), "sorry");
        await cases.goesOn(client);
      });
    }
    it("with exc_info, several times: the last head counts", async () => {
      const answer = await cases.ask("/start/again-thrice");
      assert.equal(answer.status, 502);
      assert.equal(answer.fields.get("x-status"), "502 Three");
    });
    it("with exc_info that holds no error, before the head: replaced", async () => {
      const answer = await cases.ask("/start/again-without-error");
      assert.equal(answer.status, 202);
      assert.equal(answer.fields.get("x-old"), undefined);
    });
    it("with exc_info and a head that is refused: the old one stays", async () => {
      const answer = await cases.ask("/start/again-wrong");
      assert.equal(answer.fields.get("x-old"), "1");
      assert.equal(answer.body.toString(), "the old one");
    });
    for (const name of ["again-after-head", "again-after-write"]) {
      it(`with exc_info behind the head: ${name}: its error, and a broken answer`, async () => {
        const answer = await cases.breaks(`/start/${name}`, "first");
        assert.equal(answer.fields.get("x-old"), "1");
        await cases.server.logged(
          new RegExp(
            `error in GET /start/${name} \\[\\w+\\]\n[^]*KeyError: 'the error of the application'`,
          ),
        );
      });
    }
    cases.itGives(
      "/start/again-after-head-is-the-same",
      "first,same,deep",
      "with exc_info behind the head: raises that very error, with its traceback",
    );
    it("after a call that was refused: that one does not count", async () => {
      const answer = await cases.ask("/start/wrong-then-right");
      assert.equal(answer.fields.get("x-good"), "1");
      assert.equal(answer.fields.get("x-bad"), undefined);
    });
  });

  it("takes None as third argument", async () => {
    assert.equal((await cases.ask("/start/third-argument-none")).status, 200);
  });
  cases.itGives("/start/returns-write", "callable", "returns write()");
  it("has taken the headers when it returns: changes afterwards do not count", async () => {
    const answer = await cases.ask("/start/changed-afterwards");
    assert.equal(answer.fields.get("x-a"), "1");
    assert.equal(answer.fields.get("x-b"), undefined);
    assert.equal(answer.body.toString(), "a body");
  });
  cases.itGives("/start/list-untouched", "x[('X-A', '1')]", "leaves the application's list alone");
  it("takes subclasses of str and list", async () => {
    assert.equal((await cases.ask("/start/subclasses")).fields.get("x-a"), "1");
  });

  function given(status: string, headers: readonly (readonly (string | undefined)[])[]) {
    const text = JSON.stringify({ status, headers }).replaceAll(
      /[\u0080-\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return cases.ask("/start/given", { fields: [`X-Given: ${text}`] });
  }
});
