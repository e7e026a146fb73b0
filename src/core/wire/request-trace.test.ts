import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FieldNameTable } from "../http/field-names.ts";
import { RequestHead } from "../http/request-head.ts";
import { RequestParser } from "../http1/request-parser.ts";
import { encodeConnectionEnviron } from "./connection-environ.ts";
import { EnvironEncoder } from "./environ.ts";
import { asciiText, environKey, environValue } from "./environ-lookup.ts";
import { ID_BYTES, MAX_TRACE_BYTES, RequestTrace, type TraceOptions } from "./request-trace.ts";

const LIMITS = {
  requestLineBytes: 8192,
  fieldBytes: 8192,
  headBytes: 8192,
  fieldCount: 20,
  bodyBytes: 10,
};
const CONNECTION = encodeConnectionEnviron({
  remoteAddress: "192.0.2.1",
  remotePort: "1",
  serverName: "a",
  serverPort: "80",
  scheme: "http",
});

function traceOf(options: Partial<TraceOptions> = {}): RequestTrace {
  return new RequestTrace({
    random: new Uint8Array(10),
    hasIds: true,
    now: () => 1_795_201_768_123.9,
    ...options,
  });
}

/** What the application sees of a request with these fields. */
function seen(
  trace: RequestTrace,
  fields: string,
  isFromTrustedProxy = false,
): { id: string; start: string; environ: Uint8Array } {
  const parser = new RequestParser(LIMITS, new FieldNameTable(trace.ownNames));
  parser.head.isFromTrustedProxy = isFromTrustedProxy;
  parser.push(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`));
  parser.next();
  const encoder = new EnvironEncoder(16, trace);
  const length = encoder.encode(parser.head, CONNECTION);
  const environ = encoder.bytes.slice(0, length);
  const id = environValue(environ, environKey("HTTP_X_REQUEST_ID"));
  assert.equal(asciiText(environ, trace.idStart, trace.idEnd), trace.idEnd === 0 ? "" : id);
  assert.equal(environValue(environ, environKey("HTTP_HOST")), "a");
  return { id, start: environValue(environ, environKey("HTTP_X_REQUEST_START")), environ };
}

const GIVEN = "X-Request-ID: theirs\r\nX-Request-Start: t=1\r\n";

describe("RequestTrace", () => {
  it("counts, with a prefix of its own", () => {
    const trace = traceOf({ random: Uint8Array.from([31, 32, 33, 255, 0, 1, 2, 3, 4, 5, 6]) });
    assert.equal(seen(trace, "").id, "z01z01234500000001");
    assert.equal(seen(trace, "").id, "z01z01234500000002");
    assert.equal(trace.nextId(), "z01z01234500000003");
  });

  it("never gives an id twice", () => {
    const trace = traceOf();
    const ids = Array.from({ length: 40_000 }, () => trace.nextId());
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(ids.toSorted(), ids);
    for (const id of ids) assert.equal(id.length, ID_BYTES);
  });

  it("stamps when it came, in microseconds", () => {
    let now = 1_795_201_768_999;
    const trace = traceOf({ now: () => now });
    assert.equal(seen(trace, "").start, "t=1795201768999000");
    now += 1;
    assert.equal(seen(trace, "").start, "t=1795201769000000");
    now += 60_000;
    const { environ } = seen(trace, "");
    const { startAt } = trace;
    now += 7;
    trace.stamp(environ, startAt);
    const stamped = environValue(environ, environKey("HTTP_X_REQUEST_START"));
    assert.equal(stamped, "t=1795201829007000");
  });

  it("replaces what a client says", () => {
    const { id, start } = seen(traceOf(), GIVEN);
    assert.equal(id, "000000000000000001");
    assert.equal(start, "t=1795201768123000");
  });

  it("takes a trusted proxy's word", () => {
    const trace = traceOf();
    const { id, start, environ } = seen(trace, GIVEN, true);
    assert.equal(id, "theirs");
    assert.equal(start, "t=1");
    trace.stamp(environ, trace.startAt);
    assert.equal(environValue(environ, environKey("HTTP_X_REQUEST_START")), "t=1");
  });

  it("makes what a trusted proxy does not say, or says badly", () => {
    for (const value of ["", 'a"b', "a b", "\xe9", "x".repeat(129), "\\"]) {
      const fields = `X-Request-ID: ${value}\r\nX-Request-Start: ${value}\r\n`;
      assert.deepEqual(
        [seen(traceOf(), fields, true).id, seen(traceOf(), fields, true).start],
        ["000000000000000001", "t=1795201768123000"],
      );
    }
    assert.equal(seen(traceOf(), "", true).id, "000000000000000001");
    const longest = "x".repeat(128);
    assert.equal(seen(traceOf(), `X-Request-ID: ${longest}\r\n`, true).id, longest);
  });

  it("leaves X-Request-ID alone when ids are off", () => {
    for (const isTrusted of [false, true]) {
      const trace = traceOf({ hasIds: false });
      assert.equal(seen(trace, GIVEN, isTrusted).id, "theirs");
      assert.equal(trace.idEnd, 0);
      assert.equal(trace.nextId(), "");
    }
    assert.equal(seen(traceOf({ hasIds: false }), GIVEN).start, "t=1795201768123000");
  });

  it("fits into the room that it asks for", () => {
    const head = new RequestHead();
    const out = new Uint8Array(MAX_TRACE_BYTES);
    assert.ok(traceOf().write(out, 0, head) <= out.length);
  });
});
