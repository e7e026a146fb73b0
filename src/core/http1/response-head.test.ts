import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  FRAMING,
  framingOf,
  HEAD_EXTRA_BYTES,
  isBodiless,
  ownFieldsAt,
  writeResponseHead,
  type HeadFacts,
} from "./response-head.ts";

const OWN = ownFieldsAt(Date.UTC(2026, 10, 20, 19, 9, 28, 500));
const FACTS: HeadFacts = {
  hasDate: false,
  hasServer: false,
  framing: FRAMING.none,
  idSource: new Uint8Array(0),
  idStart: 0,
  idEnd: 0,
  lengthToAdd: -1,
  keepAlive: true,
  minorVersion: 1,
};

function headOf(block: string, facts: Partial<HeadFacts>): string {
  const source = Buffer.from(`..${block}..`, "latin1");
  const out = new Uint8Array(block.length + HEAD_EXTRA_BYTES);
  const end = source.length - 2;
  const length = writeResponseHead(out, source, 2, end, OWN, { ...FACTS, ...facts });
  return Buffer.from(out.subarray(0, length)).toString("latin1");
}

const DATE = "Date: Fri, 20 Nov 2026 19:09:28 GMT\r\n";
const SERVER = "Server: rickhouse\r\n";

describe("writeResponseHead", () => {
  it("adds the version, Date, Server and the empty line", () => {
    assert.equal(
      headOf("200 OK\r\nA: b\r\n", {}),
      `HTTP/1.1 200 OK\r\nA: b\r\n${DATE}${SERVER}\r\n`,
    );
  });

  it("leaves out what the application gave", () => {
    assert.equal(headOf("200 OK\r\n", { hasDate: true }), `HTTP/1.1 200 OK\r\n${SERVER}\r\n`);
    assert.equal(headOf("200 OK\r\n", { hasServer: true }), `HTTP/1.1 200 OK\r\n${DATE}\r\n`);
    const both = { hasDate: true, hasServer: true };
    assert.equal(headOf("200 OK\r\n", both), "HTTP/1.1 200 OK\r\n\r\n");
  });

  it("says how the body is framed", () => {
    const both = { hasDate: true, hasServer: true };
    const chunked = headOf("200 OK\r\n", { ...both, framing: FRAMING.chunked });
    assert.equal(chunked, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const length of [0, 9, 10, 12_345, 2 ** 40]) {
      const head = headOf("200 OK\r\n", { ...both, framing: FRAMING.length, lengthToAdd: length });
      assert.equal(head, `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    }
  });

  it("says what becomes of the connection where the version does not", () => {
    const both = { hasDate: true, hasServer: true };
    const close = headOf("200 OK\r\n", { ...both, keepAlive: false });
    assert.equal(close, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    const old = headOf("200 OK\r\n", { ...both, minorVersion: 0 });
    assert.equal(old, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
    const oldClose = headOf("200 OK\r\n", { ...both, minorVersion: 0, keepAlive: false });
    assert.equal(oldClose, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  });
});

describe("framingOf", () => {
  const facts = {
    status: 200,
    isHead: false,
    minorVersion: 1,
    hasLength: false,
    isComplete: false,
  };

  it("gives no body to HEAD, 204 and 304", () => {
    assert.equal(framingOf({ ...facts, isHead: true, hasLength: true }), FRAMING.none);
    assert.equal(framingOf({ ...facts, status: 204, isComplete: true }), FRAMING.none);
    assert.equal(framingOf({ ...facts, status: 304 }), FRAMING.none);
    assert.equal(isBodiless(205, false), false);
  });

  it("uses a length where it is known, else chunks, else the end of the connection", () => {
    assert.equal(framingOf({ ...facts, hasLength: true }), FRAMING.length);
    assert.equal(framingOf({ ...facts, isComplete: true }), FRAMING.length);
    assert.equal(framingOf({ ...facts, isComplete: true, minorVersion: 0 }), FRAMING.length);
    assert.equal(framingOf(facts), FRAMING.chunked);
    assert.equal(framingOf({ ...facts, minorVersion: 2 }), FRAMING.chunked);
    assert.equal(framingOf({ ...facts, minorVersion: 0 }), FRAMING.close);
  });
});
