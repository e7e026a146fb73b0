import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { ChunkedDecoder, DECODED } from "./chunked.ts";
import { DEFAULT_LIMITS } from "../../../test/support/transcript.ts";

interface Told {
  readonly pieces: string[];
  readonly last: number;
  readonly at: number;
  readonly code: string | undefined;
}

/** What the decoder says about `text`, given at once. */
function decode(text: string, decoder = new ChunkedDecoder(DEFAULT_LIMITS)): Told {
  const bytes = Buffer.from(text, "latin1");
  const pieces: string[] = [];
  decoder.at = 0;
  let last = decoder.decode(bytes, bytes.length);
  while (last === DECODED.piece) {
    pieces.push(bytes.toString("latin1", decoder.pieceStart, decoder.at));
    last = decoder.decode(bytes, bytes.length);
  }
  return { pieces, last, at: decoder.at, code: decoder.refusal?.code };
}

describe("ChunkedDecoder", () => {
  it("tells each chunk as a range and stops behind the body", () => {
    const body = "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
    assert.deepEqual(decode(`${body}GET /`), {
      pieces: ["abc", "0123456789abcdef"],
      last: DECODED.end,
      at: body.length,
      code: undefined,
    });
  });

  it("goes on where the bytes ended", () => {
    const decoder = new ChunkedDecoder(DEFAULT_LIMITS);
    assert.deepEqual(decode("5;a\r\nhe", decoder).pieces, ["he"]);
    assert.deepEqual(decode("llo", decoder).pieces, ["llo"]);
    assert.equal(decode("\r\n0\r", decoder).last, DECODED.needMore);
    assert.equal(decode("\nX: y\r\n\r\n", decoder).last, DECODED.end);
  });

  it("begins anew", () => {
    const decoder = new ChunkedDecoder({ ...DEFAULT_LIMITS, bodyBytes: 3, fieldCount: 1 });
    const body = "3\r\nabc\r\n0\r\nX: y\r\n\r\n";
    assert.equal(decode(body, decoder).last, DECODED.end);
    decoder.begin();
    assert.equal(decode(body, decoder).last, DECODED.end);
  });

  it("passes over extensions and trailers", () => {
    const told = decode('3 ; a=b;c="d e"\r\nabc\r\n0;a\r\nX: y\r\nZ:\r\n\r\n');
    assert.deepEqual(told.pieces, ["abc"]);
    assert.equal(told.last, DECODED.end);
  });

  it("says what is wrong with the byte that is wrong", () => {
    const wrong = [
      ["\r", "badChunkSize"],
      ["g", "badChunkSize"],
      ["5g", "badChunkSize"],
      ["5 \r", "badChunkExtension"],
      ["5 5", "badChunkExtension"],
      ["0".repeat(129), "badChunkSize"],
      ["10000000000000000", "badChunkSize"],
      ["5\n", "bareLineFeed"],
      ["5\rh", "bareCarriageReturn"],
      ["5;=", "badChunkExtension"],
      ["5;a\u0001", "badChunkExtension"],
      ["5;a\n", "bareLineFeed"],
      [`5;${"a".repeat(256)}`, "chunkExtensionsTooLong"],
      ["4000001\r\n", "bodyTooLarge"],
      ["1\r\nab", "badChunkEnd"],
      ["1\r\na\n", "bareLineFeed"],
      ["1\r\na\rb", "badChunkEnd"],
      ["0\r\n ", "badTrailer"],
      ["0\r\n:", "badTrailer"],
      ["0\r\nX ", "badTrailer"],
      ["0\r\nX:\u0000", "badTrailer"],
      ["0\r\nX: y\n", "bareLineFeed"],
      ["0\r\nX: y\rz", "bareCarriageReturn"],
      ["0\r\n\ra", "bareCarriageReturn"],
      [`0\r\n${"X:\r\n".repeat(100)}X`, "trailersTooLarge"],
      [`0\r\nX: ${"y".repeat(16_382)}`, "trailersTooLarge"],
      [`0\r\n${`X: ${"y".repeat(16_379)}\r\n`.repeat(2)}X`, "trailersTooLarge"],
    ] as const;
    for (const [text, code] of wrong) {
      assert.equal(decode(text).code, code, text);
      assert.equal(decode(text.slice(0, -1)).code, undefined, text);
    }
  });

  it("bounds bodies without a limit by what a number can count", () => {
    const decoder = new ChunkedDecoder({ ...DEFAULT_LIMITS, bodyBytes: Number.POSITIVE_INFINITY });
    assert.equal(decode("20000000000000\r\n", decoder).code, "bodyTooLarge");
  });

  it("refuses to be asked behind its end", () => {
    const decoder = new ChunkedDecoder(DEFAULT_LIMITS);
    decode("0\r\n\r\n", decoder);
    assert.throws(() => decode("0", decoder), /no byte belongs here/);
  });
});
