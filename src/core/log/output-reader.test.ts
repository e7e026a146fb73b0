import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_LINE_BYTES, OutputReader, type OutputMessage } from "./output-reader.ts";

const MARK = "0123456789abcdef0123456789abcdef";

function piece(text: string, id: string, kind: "t" | "r" = "t"): string {
  return `\0${MARK} ${id} ${kind} ${Buffer.byteLength(text)}\n${text}`;
}

/** What comes of these bytes, in pieces of `size`. */
function messagesOf(text: string, size = Infinity): OutputMessage[] {
  const messages: OutputMessage[] = [];
  const reader = new OutputReader(MARK, (message) => messages.push(message));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return messages;
}

function line(text: string, requestId = ""): OutputMessage {
  return { text, requestId, isReport: false };
}

describe("OutputReader", () => {
  const cases: readonly (readonly [string, string, readonly OutputMessage[]])[] = [
    ["lines", "one\n\ntwo\n", [line("one"), line(""), line("two")]],
    ["a line without its end", "one\ntwo", [line("one"), line("two")]],
    [
      "a piece with its id",
      `a\n${piece("b\nc\n", "id1")}d\n`,
      [line("a"), line("b", "id1"), line("c", "id1"), line("d")],
    ],
    [
      "lines of two requests, the first without an end",
      piece("a", "id1") + piece("b\n", "id2"),
      [line("a", "id1"), line("b", "id2")],
    ],
    ["a line in two pieces", piece("a", "id1") + piece("b\n", "id1"), [line("ab", "id1")]],
    ["a piece of no request", piece("a\n", "-"), [line("a")]],
    [
      "a report, as one message",
      `a${piece("x\n  y", "id1", "r")}b\n`,
      [line("a"), { text: "x\n  y", requestId: "id1", isReport: true }, line("b")],
    ],
    [
      "a piece that holds a mark",
      piece(`${piece("a", "id2")}\n`, "id1"),
      [line(`\0${MARK} id2 t 1`, "id1"), line("a", "id1")],
    ],
    [
      "NUL bytes, and a mark that is not ours",
      `\0\0a\0${MARK.slice(1)} x t 3\n`,
      [line(`\0\0a\0${MARK.slice(1)} x t 3`)],
    ],
    ["a mark without a header", `\0${MARK} nonsense\nb\n`, [line(`\0${MARK} nonsense`), line("b")]],
    ["a piece that is cut off", piece("abc", "id1").slice(0, -1), [line("ab", "id1")]],
    ["text that is no ASCII", `ä${piece("€\n", "id1")}`, [line("ä"), line("€", "id1")]],
  ];
  for (const [what, text, expected] of cases) {
    it(`reads ${what}, at any split`, () => {
      for (const size of [Infinity, 1, 2, 3, 7, 40]) {
        assert.deepEqual(messagesOf(text, size), expected, `pieces of ${size}`);
      }
    });
  }

  it("cuts a line that is too long, between characters", () => {
    const text = `x${"€".repeat(MAX_LINE_BYTES)}\n`;
    const messages = messagesOf(text, 10_000);
    assert.equal(messages.length, 4);
    assert.equal(messages.map((message) => message.text).join(""), text.trimEnd());
    assert.ok(messages.every((message) => Buffer.byteLength(message.text) <= MAX_LINE_BYTES));
  });

  it("says what has no end when it is told to", () => {
    const messages: OutputMessage[] = [];
    const reader = new OutputReader(MARK, (message) => messages.push(message));
    reader.push(Buffer.from("50 %"));
    assert.equal(reader.isWithinLine, true);
    reader.flush();
    assert.deepEqual(messages, [line("50 %")]);
    assert.equal(reader.isWithinLine, false);
    reader.flush();
    assert.equal(messages.length, 1);
  });

  it("waits for no head of a piece that never ends", () => {
    const text = `\0${MARK}${"x".repeat(1000)}`;
    assert.deepEqual(messagesOf(text), [line(text)]);
  });
});
