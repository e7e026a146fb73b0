import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConnectionsRecord, factsOf, type ConnectionFacts } from "./connections-status.ts";

const connection = (facts: ConnectionFacts) => ({ facts: () => facts });
const idle = connection({ phase: "idle", bytesIn: 10, bytesOut: 100 });
const running = connection({ phase: "running", bytesIn: 1, bytesOut: 2 });

describe("ConnectionsRecord", () => {
  it("counts open connections by phase, and bytes of open and closed ones", () => {
    const open = new Set([idle, running]);
    const record = new ConnectionsRecord(open, () => 50);
    record.closed(connection({ phase: "closing", bytesIn: 1000, bytesOut: 2000 }));
    const status = record.status();
    assert.deepEqual([status.open, status.max], [2, 50]);
    assert.deepEqual([status.byPhase.idle, status.byPhase.running], [1, 1]);
    assert.deepEqual([status.bytesIn, status.bytesOut], [1011, 2102]);
  });

  it("never lets a sum fall", () => {
    const open = new Set([idle]);
    const record = new ConnectionsRecord(open, () => 50);
    record.status();
    open.delete(idle); // Gone already, and not yet told.
    assert.deepEqual([record.status().bytesIn, record.status().bytesOut], [10, 100]);
    record.closed(idle);
    assert.deepEqual([record.status().bytesIn, record.status().bytesOut], [10, 100]);
  });
});

const phase = (...args: Parameters<typeof factsOf>) => factsOf(...args).phase;

describe("factsOf", () => {
  const socket = { bytesRead: 1, bytesWritten: 2, writableEnded: false };
  const quiet = { writer: { isBehind: false }, intake: { isBetweenRequests: true } };
  const waiting = { place: "waiting", answerStarted: false } as const;
  const inHand = { place: "in-hand", answerStarted: false } as const;

  it("tells what a connection is doing", () => {
    assert.equal(phase(socket, undefined, quiet), "idle");
    const behind = { ...quiet, writer: { isBehind: true } };
    assert.equal(phase(socket, undefined, behind), "sending");
    const within = { ...quiet, intake: { isBetweenRequests: false } };
    assert.equal(phase(socket, undefined, within), "reading");
    assert.equal(phase(socket, waiting, quiet), "waiting");
    // Behind a full queue, or held until new code is there.
    assert.equal(phase(socket, { ...waiting, place: "new" }, quiet), "waiting");
    assert.equal(phase(socket, inHand, within), "running");
    assert.equal(phase(socket, { ...inHand, answerStarted: true }, quiet), "sending");
    assert.equal(phase({ ...socket, writableEnded: true }, inHand, quiet), "closing");
  });
});
