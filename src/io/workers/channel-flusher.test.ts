import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChannelFlusher } from "./channel-flusher.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** A clock by which no turn takes any time. */
const atOnce = (): number => 0;

describe("what was sent to workers", () => {
  it("leaves at the end of the turn, once for each channel", async () => {
    const flushed: string[] = [];
    const flusher = new ChannelFlusher(() => 0, { now: atOnce });
    const [first, second] = ["first", "second"].map((name) => ({
      flush: () => flushed.push(name),
    }));
    if (first === undefined || second === undefined) return;
    flusher.add(first);
    flusher.add(second);
    flusher.add(first);
    assert.deepEqual(flushed, []);
    await turn();
    assert.deepEqual(flushed, ["first", "second"]);
    flusher.add(second);
    await turn();
    assert.deepEqual(flushed, ["first", "second", "second"]);
  });

  it("waits while each turn brings a connection, and leaves in the first that brings none", async () => {
    let connections = 0;
    let flushes = 0;
    const flusher = new ChannelFlusher(() => connections, { now: atOnce });
    connections++;
    flusher.add({ flush: () => flushes++ });
    await turn();
    connections++;
    await turn();
    assert.equal(flushes, 0);
    await turn();
    assert.equal(flushes, 1);
  });

  it("waits for so many turns at most, however many connections come", async () => {
    let connections = 0;
    let flushes = 0;
    const flusher = new ChannelFlusher(() => ++connections, { now: atOnce });
    const channel = { flush: () => flushes++ };
    for (let round = 1; round <= 2; round++) {
      flusher.add(channel);
      for (let count = 0; count < 15; count++) await turn();
      assert.equal(flushes, round - 1);
      await turn();
      assert.equal(flushes, round);
    }
  });

  it("waits for a millisecond at most, however long the turns take", async () => {
    let connections = 0;
    let now = 0;
    let flushes = 0;
    const flusher = new ChannelFlusher(() => ++connections, { now: () => now });
    const channel = { flush: () => flushes++ };
    for (let round = 1; round <= 2; round++) {
      flusher.add(channel);
      await turn();
      now += 0.9;
      await turn();
      assert.equal(flushes, round - 1);
      now += 0.1;
      await turn();
      assert.equal(flushes, round);
    }
  });

  it("leaves before the end of a turn that brings very many requests, also those that others wait for", async () => {
    let flushes = 0;
    const flusher = new ChannelFlusher(() => 0, { now: atOnce });
    const channel = { flush: () => flushes++ };
    const comes = (count: number): void => {
      for (let i = 0; i < count; i++) flusher.requestCame();
    };
    flusher.add(channel);
    comes(63);
    assert.equal(flushes, 0);
    comes(1);
    assert.equal(flushes, 1);
    comes(64);
    assert.equal(flushes, 1, "there is nothing");
    flusher.add(channel);
    await turn();
    assert.equal(flushes, 2);
    flusher.add(channel);
    comes(63);
    await turn();
    assert.equal(flushes, 3);
    flusher.add(channel);
    comes(63);
    assert.equal(flushes, 3, "it is counted from the last flush");
    await turn();
  });
});
