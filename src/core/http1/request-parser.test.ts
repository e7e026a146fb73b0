import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { FieldNameTable } from "../http/field-names.ts";
import { REFUSALS } from "../http/refusal.ts";
import { latin1Of } from "../http/request-head.ts";
import { PARSED, RequestParser, type Parsed, type RequestLimits } from "./request-parser.ts";
import { DEFAULT_LIMITS, splitAll, transcribe } from "../../../test/support/transcript.ts";

function makeParser(limits: RequestLimits = DEFAULT_LIMITS): RequestParser {
  return new RequestParser(limits, new FieldNameTable());
}

function events(parser: RequestParser): Parsed[] {
  const seen: Parsed[] = [];
  for (;;) {
    const event = parser.next();
    seen.push(event);
    if (event === PARSED.needMore || event === PARSED.refused) return seen;
  }
}

const GET = "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
const { needMore, head, body, end, refused } = PARSED;

describe("RequestParser", () => {
  it("tells head, body and end of each request in order", () => {
    const parser = makeParser();
    parser.push(Buffer.from(`${GET}${POST}abc${GET}`));
    assert.deepEqual(events(parser), [head, end, head, body, end, head, end, needMore]);
    assert.deepEqual(events(parser), [needMore]);
  });

  it("tells a chunked body piece by piece", () => {
    const parser = makeParser();
    const start = POST.replace("Content-Length: 3", "Transfer-Encoding: chunked");
    parser.push(Buffer.from(`${start}3\r\nabc\r\n1;x\r\nd\r\n0\r\n`));
    assert.deepEqual(events(parser), [head, body, body, needMore]);
    assert.equal(parser.head.contentLength, -1);
    parser.push(Buffer.from(`X: y\r\n\r\n${start}g`));
    assert.deepEqual(events(parser), [end, head, refused]);
    assert.equal(parser.refusal, REFUSALS.badChunkSize);
  });

  it("parses nothing before it is asked", () => {
    const parser = makeParser();
    parser.push(Buffer.from("\0"));
    assert.equal(parser.refusal, undefined);
    assert.equal(parser.isBetweenRequests, true);
  });

  it("points into the chunk when the head is whole", () => {
    const parser = makeParser();
    const chunk = Buffer.from(`${GET}${GET}`);
    parser.push(chunk);
    for (const start of [0, GET.length]) {
      assert.equal(parser.next(), head);
      assert.equal(parser.head.bytes, chunk);
      assert.equal(parser.head.methodStart, start);
      assert.equal(parser.next(), end);
    }
  });

  it("takes a head together that comes in pieces behind another request", () => {
    const parser = makeParser();
    parser.push(Buffer.from(`${POST}abc${GET.slice(0, 24)}`));
    assert.deepEqual(events(parser), [head, body, end, needMore]);
    parser.push(Buffer.from(GET.slice(24, 27)));
    parser.push(Buffer.from(`${GET.slice(27)}${POST}abc`));
    assert.equal(parser.next(), head);
    const { bytes, targetStart, targetEnd, queryStart, queryEnd } = parser.head;
    assert.equal(latin1Of(bytes, targetStart, targetEnd), "/a?b");
    assert.equal(latin1Of(bytes, queryStart, queryEnd), "b");
    assert.equal(latin1Of(bytes, parser.head.valueStart(0), parser.head.valueEnd(0)), "h");
    assert.deepEqual(events(parser), [end, head, body, end, needMore]);
  });

  it("hands out views of the chunks, no copies, also behind a split head", () => {
    const parser = makeParser();
    parser.push(Buffer.from(POST.slice(0, 30)));
    assert.deepEqual(events(parser), [needMore]);
    const chunk = Buffer.from(`${POST.slice(30)}abc`);
    parser.push(chunk);
    assert.equal(parser.next(), head);
    assert.equal(parser.next(), body);
    assert.equal(parser.bodyPiece.buffer, chunk.buffer);
    assert.equal(Buffer.from(parser.bodyPiece).toString(), "abc");
    assert.equal(parser.next(), end);
    assert.equal(parser.bodyPiece.length, 0);
  });

  it("leaves the bytes behind a request alone until it is asked", () => {
    const parser = makeParser();
    parser.push(Buffer.from(`${GET}\0`));
    assert.equal(parser.next(), head);
    assert.equal(parser.next(), end);
    assert.equal(parser.refusal, undefined);
    assert.equal(parser.isBetweenRequests, true);
    assert.equal(parser.bufferedBytes, 1);
    assert.equal(parser.next(), refused);
  });

  it("counts buffered bytes in the chunk, in the queue and in half a head", () => {
    const parser = makeParser();
    parser.push(Buffer.from("GET / HT"));
    assert.equal(parser.bufferedBytes, 8);
    parser.next();
    assert.equal(parser.bufferedBytes, 8);
    parser.push(Buffer.from("TP/1.1\r\nHost: h\r\n"));
    assert.equal(parser.bufferedBytes, 25);
    parser.next();
    parser.push(Buffer.from("\r\nGET"));
    assert.equal(parser.next(), head);
    assert.equal(parser.bufferedBytes, 3);
  });

  it("knows when it is between requests", () => {
    const parser = makeParser();
    assert.equal(parser.isBetweenRequests, true);
    const seen = ["\r", "\n", "G", GET.slice(1, -1), "\n"].map((text) => {
      parser.push(Buffer.from(text));
      events(parser);
      return parser.isBetweenRequests;
    });
    assert.deepEqual(seen, [true, true, false, false, true]);
  });

  it("is not between requests within a body", () => {
    const parser = makeParser();
    parser.push(Buffer.from(`${POST}ab`));
    events(parser);
    assert.equal(parser.isBetweenRequests, false);
    parser.push(Buffer.from("c"));
    events(parser);
    assert.equal(parser.isBetweenRequests, true);
  });

  it("is dead behind a refusal", () => {
    const parser = makeParser();
    parser.push(Buffer.from("GET / HTTP/1.1\r\nHost: h\n"));
    assert.equal(parser.next(), refused);
    assert.equal(parser.refusal, REFUSALS.bareLineFeed);
    parser.push(Buffer.from(GET));
    assert.equal(parser.next(), refused);
    assert.equal(parser.bufferedBytes, 0);
    assert.equal(parser.isBetweenRequests, false);
  });

  it("keeps nothing and says nothing behind the last request", () => {
    const parser = makeParser();
    parser.push(Buffer.from(`GET / HTTP/1.0\r\n\r\n${GET}`));
    parser.push(Buffer.from(GET));
    assert.deepEqual(events(parser), [head, end, needMore]);
    parser.push(Buffer.from(GET));
    assert.deepEqual(events(parser), [needMore]);
    assert.equal(parser.bufferedBytes, 0);
    assert.equal(parser.isBetweenRequests, true);
  });

  it("holds no bytes of the last request while it is idle", () => {
    const parser = makeParser();
    parser.push(Buffer.from(GET));
    events(parser);
    assert.equal(parser.head.bytes.length, 0);
  });

  it("holds no names that only its client uses while it is idle", () => {
    const parser = makeParser();
    const fields = Array.from({ length: 50 }, (_, index) => `${"x".repeat(300)}${index}: 1\r\n`);
    for (const text of [GET.replace("\r\n\r\n", `\r\n${fields.join("")}\r\n`), GET]) {
      parser.push(Buffer.from(text));
      assert.deepEqual(events(parser), [head, end, needMore]);
      assert.ok(parser.head.names.every(({ lower }) => lower.length < 300));
    }
  });

  it("refuses what follows a HEAD as no HEAD: its method is not known", () => {
    const parser = makeParser();
    parser.push(Buffer.from(`${GET.replace("GET", "HEAD")}\n`));
    assert.deepEqual(events(parser), [head, end, refused]);
    assert.equal(parser.head.isHead, false);
  });

  it("takes empty chunks for nothing", () => {
    const parser = makeParser();
    const empty = Buffer.alloc(0);
    for (const text of ["", GET.slice(0, 9), "", GET.slice(9), ""]) parser.push(Buffer.from(text));
    parser.push(empty);
    assert.deepEqual(events(parser), [head, end, needMore]);
  });

  it("takes Buffers and plain arrays alike", () => {
    const bytes = new Uint8Array(Buffer.from(GET));
    assert.deepEqual(transcribe([bytes]), transcribe([Buffer.from(GET)]));
  });

  it("finds repeated names though another connection's head comes in between", () => {
    const names = new FieldNameTable();
    const first = new RequestParser(DEFAULT_LIMITS, names);
    const second = new RequestParser(DEFAULT_LIMITS, names);
    first.push(Buffer.from("GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\n"));
    assert.equal(first.next(), needMore);
    second.push(Buffer.from("GET / HTTP/1.1\r\nHost: h\r\nY: 1\r\nX: 2\r\n\r\n"));
    assert.equal(second.next(), head);
    assert.equal(second.head.hasRepeatedFields, false);
    first.push(Buffer.from("X: 3\r\n\r\n"));
    assert.equal(first.next(), head);
    assert.equal(first.head.hasRepeatedFields, true);
    assert.equal(first.head.names[1], first.head.names[2]);
  });

  it("finds repeated names for which the table has no room", () => {
    const long = "x".repeat(100);
    const parser = makeParser();
    parser.push(
      Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\n${long}: 1\r\n${long.toUpperCase()}: 2\r\n\r\n`),
    );
    assert.equal(parser.next(), head);
    assert.equal(parser.head.hasRepeatedFields, true);
    assert.equal(parser.head.names[1], parser.head.names[2]);
    assert.equal(parser.head.names[1]?.seenAt, 1);
  });

  it("looks at each byte once, whatever the segments are", () => {
    // One field of 256 KiB, byte by byte: 0.1 s; with a second look at each line 34 thousand million steps.
    const size = 256 * 1024;
    const limits = { ...DEFAULT_LIMITS, fieldBytes: 2 * size, headBytes: 4 * size };
    const parser = makeParser(limits);
    // Of the processor, not of the clock: a busy machine is no fault of the parser.
    const begunAt = process.cpuUsage();
    let last: Parsed = needMore;
    for (const byte of splitAll(
      Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\nX: ${"y".repeat(size)}\r\n\r\n`),
    )) {
      parser.push(byte);
      last = parser.next();
      if (parser.bufferedBytes % 1024 === 0) {
        assert.ok(process.cpuUsage(begunAt).user < 5_000_000, "too slow");
      }
    }
    assert.equal(last, head);
    assert.equal(parser.head.valueEnd(1) - parser.head.valueStart(1), size);
  });
});
