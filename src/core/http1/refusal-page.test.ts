import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { REFUSALS, type RefusalCode } from "../http/refusal.ts";
import { refusalPage, type PageContext } from "./refusal-page.ts";
import { ownFieldsAt } from "./response-head.ts";

const CONTEXT: PageContext = {
  isHead: false,
  keepAlive: false,
  minorVersion: 1,
  accept: "",
  id: "abc123",
  own: ownFieldsAt(0),
};

function textOf(code: RefusalCode, context: Partial<PageContext> = {}): string {
  const { bytes, bodyBytes } = refusalPage(REFUSALS[code], { ...CONTEXT, ...context });
  const text = Buffer.from(bytes).toString("utf8");
  assert.equal(Buffer.byteLength(text.slice(text.indexOf("\r\n\r\n") + 4)), bodyBytes);
  return text;
}

const FORMS = [
  { accept: "text/plain", type: "text/plain; charset=utf-8" },
  { accept: "text/html", type: "text/html; charset=utf-8" },
  { accept: "application/json", type: "application/json" },
] as const;

describe("refusalPage", () => {
  it("is a whole response whose length is right", () => {
    const [head = "", body = ""] = textOf("badTarget").split("\r\n\r\n");
    assert.equal(body, `400 Bad Request\n\n${REFUSALS.badTarget.title}\nRequest ID: abc123\n`);
    assert.deepEqual(head.split("\r\n"), [
      "HTTP/1.1 400 Bad Request",
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${body.length}`,
      "Date: Thu, 01 Jan 1970 00:00:00 GMT",
      "Server: rickhouse",
      "Vary: Accept",
      "X-Request-ID: abc123",
      "Connection: close",
    ]);
  });

  for (const code of Object.keys(REFUSALS).filter((name) => name in REFUSALS)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table
    const refusal = REFUSALS[code as RefusalCode];
    for (const { accept, type } of FORMS) {
      it(`says ${code} as ${accept}`, () => {
        const [head = "", body = ""] = textOf(refusal.code, { accept }).split("\r\n\r\n");
        assert.ok(head.startsWith(`HTTP/1.1 ${refusal.status} ${refusal.reason}\r\n`));
        assert.ok(head.includes(`\r\nContent-Type: ${type}\r\n`), head);
        assert.match(body, /abc123/);
        assert.ok(body.length < 700);
        assert.equal(body.includes("--"), false, "options are the operator's business");
        if (accept === "application/json") {
          const { status, reason, title: message } = refusal;
          assert.deepEqual(JSON.parse(body), {
            status,
            reason,
            message,
            code,
            request_id: "abc123",
          });
        } else if (accept === "text/html") {
          assert.match(body, /^<!doctype html>/);
          assert.ok(body.includes(`<h1>${refusal.status} `));
        } else assert.ok(body.includes(refusal.title));
      });
    }
  }

  for (const { accept } of FORMS) {
    it(`has no body for HEAD, but its length (${accept})`, () => {
      const whole = textOf("badTarget", { accept });
      const head = textOf("badTarget", { accept, isHead: true });
      assert.equal(head, whole.slice(0, whole.indexOf("\r\n\r\n") + 4));
    });

    it(`does without an id when ids are off (${accept})`, () => {
      const page = textOf("queueFull", { accept, id: "" });
      assert.doesNotMatch(page, /request.id/i);
    });
  }

  it("escapes what HTML would read", () => {
    const refusal = { ...REFUSALS.badTarget, title: `<b> & "x" 'y'` };
    const { bytes } = refusalPage(refusal, { ...CONTEXT, accept: "text/html", id: "<i>" });
    const page = Buffer.from(bytes).toString("utf8");
    assert.match(page, /<p>&lt;b&gt; &amp; &quot;x&quot; &#39;y&#39;<\/p>/);
    assert.match(page, /Request ID: &lt;i&gt;/);
  });

  it("shows a detail where there is one, escaped", () => {
    const refusal = { ...REFUSALS.applicationBroken, detail: 'File "<x>"\n  a & b\n' };
    const bodyOf = (accept: string): string =>
      Buffer.from(refusalPage(refusal, { ...CONTEXT, accept }).bytes).toString("utf8");
    assert.match(
      bodyOf("text/html"),
      /<pre [^>]*>File &quot;&lt;x&gt;&quot;\n {2}a &amp; b\n<\/pre>/,
    );
    assert.match(bodyOf("text/plain"), /\n\nFile "<x>"\n {2}a & b\n$/);
    assert.match(bodyOf("application/json"), /"detail":"File \\"<x>\\"\\n {2}a & b\\n"/);
    assert.doesNotMatch(textOf("applicationBroken", { accept: "application/json" }), /detail/);
  });

  it("keeps the connection when asked to", () => {
    assert.doesNotMatch(textOf("workerDied", { keepAlive: true }), /Connection/);
    const old = textOf("workerDied", { keepAlive: true, minorVersion: 0 });
    assert.match(old, /\r\nConnection: keep-alive\r\n/);
  });

  it("says when to try again, and what is allowed", () => {
    assert.match(textOf("queueFull"), /\r\nRetry-After: 1\r\n/);
    assert.doesNotMatch(textOf("workerDied"), /Retry-After/);
    assert.match(textOf("connectNotAllowed"), /\r\nAllow: GET, HEAD, /);
  });
});
