import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { FieldNameTable } from "../../core/http/field-names.ts";
import { EnvironEncoder } from "../../core/wire/environ.ts";
import { Budget } from "./budget.ts";
import { connectionFacts, ConnectionOrigin } from "./connection-origin.ts";
import { DeadlineList, type Waiter } from "./deadlines.ts";
import { RequestIntake } from "./request-intake.ts";
import { SpoolSpace } from "./spool-space.ts";

const MIB = 2 ** 20;
const BODY_TIMEOUT_MS = 1000;

const directory = mkdtempSync(join(tmpdir(), "rickhouse-intake-"));
after(() => {
  rmSync(directory, { recursive: true });
});

function unexpected(): never {
  throw new Error("should not happen");
}

function origin(): ConnectionOrigin {
  const remote = { remoteAddress: "127.0.0.1", remotePort: "1" };
  const server = { serverName: "127.0.0.1", serverPort: "80" };
  return new ConnectionOrigin(connectionFacts(remote, server), undefined);
}

describe("RequestIntake", () => {
  it("counts no time against a body while its file lags behind, and all of it afterwards", async () => {
    let now = 0;
    const expired: DeadlineList[] = [];
    const waiter: Waiter = {
      deadlineAt: 0,
      deadlineList: undefined,
      deadlinePrevious: undefined,
      deadlineNext: undefined,
      onDeadline: (list) => expired.push(list),
    };
    const deadlines = {
      head: new DeadlineList(0),
      body: new DeadlineList(BODY_TIMEOUT_MS),
      keepAlive: new DeadlineList(0),
      drainIdle: new DeadlineList(0),
      linger: new DeadlineList(0),
    };
    const paused: boolean[] = [];
    const events = new EventEmitter();
    const context = {
      limits: {
        requestLineBytes: 1000,
        fieldBytes: 1000,
        headBytes: 1000,
        fieldCount: 10,
        bodyBytes: 16 * MIB,
      },
      names: new FieldNameTable(),
      encoder: new EnvironEncoder(),
      body: {
        memoryBytes: 0,
        memory: new Budget(MIB),
        disk: new SpoolSpace(16 * MIB, 1),
        newPath: () => join(directory, "body"),
        takeSlot: () => undefined,
      },
      deadlines,
      bodyMinRate: 0,
      observer: { exchangeOver: unexpected, refused: unexpected, failed: unexpected },
      now: () => now,
    };
    const source = { reader: { keep: (bytes: Uint8Array) => bytes }, origin: origin() };
    const intake = new RequestIntake(context, waiter, source, {
      onContinueWanted: unexpected,
      onRefused: unexpected,
      onStored: unexpected,
      onPause: (isPaused) => {
        paused.push(isPaused);
        if (!isPaused) events.emit("resumed");
      },
    });
    intake.push(Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${4 * MIB}\r\n\r\n`));
    assert.equal(intake.next(), undefined);
    // The file is not even open yet.
    intake.push(Buffer.alloc(MIB));
    assert.equal(intake.next(), undefined);
    assert.deepEqual(paused, [false, true]);
    now = 2 * BODY_TIMEOUT_MS;
    deadlines.body.sweep(now);
    assert.deepEqual(expired, []);
    await once(events, "resumed");
    deadlines.body.sweep(now + BODY_TIMEOUT_MS - 1);
    assert.deepEqual(expired, []);
    deadlines.body.sweep(now + BODY_TIMEOUT_MS);
    assert.deepEqual(expired, [deadlines.body]);
    intake.dispose();
  });
});
