import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { RequestHead } from "../http/request-head.ts";
import { readTarget } from "./target.ts";

/** Reads a request line as its scanner would have left it: form, authority, path, query; or the refusal's code. */
function read(method: string, target: string): string {
  const head = new RequestHead();
  head.bytes = Buffer.from(`${method} ${target} HTTP/1.1`);
  head.methodEnd = method.length;
  head.targetStart = method.length + 1;
  head.targetEnd = head.targetStart + target.length;
  const refusal = readTarget(head);
  if (refusal !== undefined) return refusal.code;
  const text = (start: number, end: number) =>
    Buffer.from(head.bytes.subarray(start, end)).toString();
  const parts = [
    text(head.authorityStart, head.authorityEnd),
    text(head.pathStart, head.pathEnd),
    text(head.queryStart, head.queryEnd),
  ];
  return `${head.targetForm} ${parts.join(" ")}${head.pathHasEscapes ? " escaped" : ""}`;
}

describe("readTarget", () => {
  it("cuts an origin-form into path and query", () => {
    assert.equal(read("GET", "/"), "0  / ");
    assert.equal(read("GET", "/a%20b?c?d"), "0  /a%20b c?d escaped");
    assert.equal(read("GET", "//h/p"), "0  //h/p ");
    assert.equal(read("GET", "/?%20"), "0  / %20");
  });

  it("cuts an absolute-form into authority, path and query", () => {
    assert.equal(read("GET", "http://h:1/p?q"), "1 h:1 /p q");
    assert.equal(read("GET", "HTTPS://h"), "1 h  ");
    assert.equal(read("GET", "http://h?q/r"), "1 h  q/r");
    assert.equal(read("GET", "http://h/%41"), "1 h /%41  escaped");
  });

  it("refuses other schemes and bad authorities", () => {
    for (const target of [
      "ftp://h/",
      "http:/h",
      "http",
      "http:///p",
      "http://u@h/",
      "http://h:x/",
      "h",
      "?",
    ]) {
      assert.equal(read("GET", target), "badTarget", target);
    }
  });

  it("knows * for OPTIONS", () => {
    assert.equal(read("OPTIONS", "*"), "2   ");
    assert.equal(read("GET", "*"), "badTarget");
    assert.equal(read("OPTIONS", "*a"), "badTarget");
  });

  it("refuses CONNECT, and says whether it was well formed", () => {
    assert.equal(read("CONNECT", "h:443"), "connectNotAllowed");
    for (const target of ["h", "h:", "/", "*", "http://h:1/"]) {
      assert.equal(read("CONNECT", target), "badTarget", target);
    }
    assert.equal(read("CONNECTS", "/"), "0  / ");
    assert.equal(read("CoNNECT", "/"), "0  / ");
  });
});
