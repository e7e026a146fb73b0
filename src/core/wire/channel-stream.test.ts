import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { ChannelStream } from "./channel-stream.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (news: Uint8Array): string => Buffer.from(news).toString();

describe("a channel that is told by socket and reports", () => {
  it("is what the socket says, as long as there is no report", () => {
    const stream = new ChannelStream();
    const chunk = bytes("abc");
    assert.equal(stream.received(chunk), chunk);
    assert.equal(text(stream.takeReported()), "");
    assert.equal(text(stream.received(bytes("de"))), "de");
  });

  it("goes on with a report, and skips what the socket says again", () => {
    const stream = new ChannelStream();
    stream.received(bytes("abc"));
    stream.reported(3, bytes("defg"));
    assert.equal(text(stream.takeReported()), "defg");
    assert.equal(text(stream.takeReported()), "", "once");
    assert.equal(text(stream.received(bytes("de"))), "");
    assert.equal(text(stream.received(bytes("fghi"))), "hi");
  });

  it("takes of a report only what the socket has not said", () => {
    const stream = new ChannelStream();
    stream.received(bytes("abc"));
    stream.reported(1, bytes("bcd"));
    assert.equal(text(stream.takeReported()), "d");
    stream.reported(1, bytes("bc"));
    assert.equal(text(stream.takeReported()), "");
  });

  it("keeps a report until the socket has said all before it", () => {
    const stream = new ChannelStream();
    stream.received(bytes("a"));
    stream.reported(3, bytes("de"));
    assert.equal(text(stream.takeReported()), "");
    assert.equal(text(stream.received(bytes("b"))), "b");
    assert.equal(text(stream.takeReported()), "");
    assert.equal(text(stream.received(bytes("cd"))), "cd");
    assert.equal(text(stream.takeReported()), "e");
    assert.equal(text(stream.received(bytes("ef"))), "f");
  });

  it("is the stream, each byte once, however it is told", () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("post", "flush", "arrive", "look", "report"),
        count: fc.nat(9),
      }),
    );
    fc.assert(
      fc.property(steps, (all) => {
        const told = new Worker();
        for (const { kind, count } of all) told.step(kind, count);
        told.step("flush", 0);
        told.step("arrive", told.said.length);
        assert.equal(text(Buffer.concat(told.news)), told.said.toString());
      }),
    );
  });
});

/** What a worker has said, how much of it is in the socket, how much has arrived; reports on their way. */
class Worker {
  readonly news: Uint8Array[] = [];
  said = Buffer.alloc(0);
  #sent = 0;
  #arrived = 0;
  readonly #reports: { base: number; bytes: Uint8Array }[] = [];
  readonly #stream = new ChannelStream();

  step(kind: string, count: number): void {
    if (kind === "post") {
      const from = this.said.length;
      const more = Uint8Array.from({ length: count }, (_, index) => 97 + ((from + index) % 26));
      this.said = Buffer.concat([this.said, more]);
    } else if (kind === "flush") {
      this.#sent = this.said.length;
    } else if (kind === "arrive") {
      const to = Math.min(this.#sent, this.#arrived + count);
      this.news.push(this.#stream.received(this.said.subarray(this.#arrived, to)));
      this.#arrived = to;
    } else if (kind === "look") {
      // The socket may have been given a part of it already.
      this.#reports.push({ base: this.#sent, bytes: this.said.subarray(this.#sent) });
    } else {
      const report = this.#reports.shift();
      if (report !== undefined) this.#stream.reported(report.base, report.bytes);
    }
    this.news.push(this.#stream.takeReported());
    const news = Buffer.concat(this.news);
    assert.ok(news.length >= this.#arrived, "less than has arrived");
    assert.equal(text(news), this.said.subarray(0, news.length).toString());
  }
}
