import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { REFUSALS, type RefusalCode } from "../http/refusal.ts";
import { refusalPage } from "./refusal-page.ts";
import { ownFieldsAt } from "./response-head.ts";

const CONTEXT = { isHead: false, keepAlive: false, minorVersion: 1, own: ownFieldsAt(0) };

function textOf(code: RefusalCode, context: Partial<typeof CONTEXT> = {}): string {
  const all = { ...CONTEXT, ...context };
  return Buffer.from(refusalPage(REFUSALS[code], all, all)).toString("latin1");
}

describe("refusalPage", () => {
  it("is a whole response whose length is right", () => {
    const [head = "", body = ""] = textOf("badTarget").split("\r\n\r\n");
    assert.equal(body, `400 Bad Request\n\n${REFUSALS.badTarget.title}\n`);
    assert.deepEqual(head.split("\r\n"), [
      "HTTP/1.1 400 Bad Request",
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${body.length}`,
      "Date: Thu, 01 Jan 1970 00:00:00 GMT",
      "Server: rickhouse",
      "Connection: close",
    ]);
  });

  it("has no body for HEAD, but its length", () => {
    const whole = textOf("badTarget");
    const head = textOf("badTarget", { isHead: true });
    assert.equal(head, whole.slice(0, whole.indexOf("\r\n\r\n") + 4));
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
