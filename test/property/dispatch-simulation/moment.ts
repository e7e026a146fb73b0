// What must hold after every single event, and whenever a request is given up or said to hang.

import assert from "node:assert/strict";
import type { Channel } from "../../../src/core/dispatch/channel.ts";
import { QUICK_LATELY_MS, RESERVE_FROM_CHANNELS } from "../../../src/core/dispatch/lanes.ts";
import type { Dispatcher } from "../../../src/core/dispatch/dispatcher.ts";
import type { GiveUpReason } from "../../../src/core/dispatch/death.ts";
import type { Registry } from "../../../src/core/workers/registry.ts";
import type { Line } from "./line.ts";
import type { QuickHistory } from "./quick-history.ts";
import type { SimulatedRequest } from "./worker-model.ts";

/** A silence may seem longer to the front than to the worker by what the wires delay. */
const WIRE_SLACK_MS = 60;

export interface Load {
  readonly now: number;
  /** All that were ever taken. */
  readonly requests: readonly SimulatedRequest[];
  readonly quick: QuickHistory;
}

export function checkMoment(
  dispatcher: Dispatcher<SimulatedRequest>,
  registry: Registry,
  lines: readonly Line[],
  facts: Load & { maxWorkers: number; requestTimeoutMs: number },
): void {
  for (const line of lines) {
    checkOutbox(line, facts.now);
    checkForsaken(line, facts.now);
  }
  const isTickDue = dispatcher.nextTickAt <= facts.now;
  let inHand = 0;
  for (const channel of dispatcher.channels) {
    inHand += channel.inHand;
    if (!isTickDue) checkRest(channel, facts.now);
    if (dispatcher.waiting === 0 || !channel.canTake || channel.inHand > 0) continue;
    if (!isTickDue) checkHeld(dispatcher, facts);
  }
  assert.equal(inHand, dispatcher.inHand);
  const isTimed = dispatcher.waiting > 0 || (inHand > 0 && facts.requestTimeoutMs > 0);
  if (
    isTimed &&
    dispatcher.channels.every(({ isPaused, stuck }) => !isPaused && stuck === undefined)
  ) {
    assert.ok(dispatcher.nextTickAt < Infinity, "nobody watches the time");
  }
  let occupied = 0;
  for (const { state, isOrphan } of registry.workers.values()) {
    if (isOrphan) continue;
    if (state === "starting" || state === "ready" || state === "retiring") occupied++;
  }
  assert.ok(occupied <= facts.maxWorkers, `${occupied} workers of ${facts.maxWorkers}`);
}

/** Only slow requests may wait beside an idle channel, while they have their share and quick ones want theirs. */
function checkHeld(dispatcher: Dispatcher<SimulatedRequest>, load: Load): void {
  const waiting = load.requests.filter(({ place }) => place === "waiting");
  assert.ok(
    waiting.every(({ isSlow }) => isSlow),
    "a request waits while a channel is idle",
  );
  const share = slowShare(dispatcher, false, load);
  assert.ok(share < Infinity, "a channel is kept for nobody");
  assert.ok(slowInHand(load) >= share, "slow requests wait for less than their share");
}

/** A request has been handed to a channel. */
export function checkHanded(
  dispatcher: Dispatcher<SimulatedRequest>,
  request: SimulatedRequest,
  load: Load,
): void {
  if (!request.isSlow) return;
  const hasQuick = load.requests.some(({ place, isSlow }) => place === "waiting" && !isSlow);
  const share = slowShare(dispatcher, hasQuick, load);
  assert.ok(slowInHand(load) <= share, "slow requests have more than their share");
}

/** How many channels slow requests may hold now. */
function slowShare(
  dispatcher: Dispatcher<SimulatedRequest>,
  hasQuick: boolean,
  { now, quick }: Load,
): number {
  const channels = dispatcher.channels.filter(({ isRetiring }) => !isRetiring).length;
  if (hasQuick || now < quick.lastAt + QUICK_LATELY_MS)
    return Math.max(1, Math.floor(0.75 * channels));
  const hasReserve = channels >= RESERVE_FROM_CHANNELS && now < quick.reservedUntil;
  return hasReserve ? channels - 1 : Infinity;
}

function slowInHand({ requests }: Load): number {
  return requests.filter(({ isSlow, channel }) => isSlow && channel?.isRetiring === false).length;
}

/** What stands behind a slow request is taken back in time, even when nobody else could start it. */
function checkRest(channel: Channel<SimulatedRequest>, now: number): void {
  const { running } = channel;
  if (running === undefined || !channel.hasRest || channel.stuck !== undefined) return;
  if (channel.isWithdrawing || !channel.isWithdrawable) return;
  assert.ok(now <= channel.overdueAt(running) + 125, "requests are held behind a slow one");
}

/** What was sent to a thread that left, while its worker lives on, is taken back. */
const LONGEST_FORSAKEN_MS = 10;

function checkForsaken(line: Line, now: number): void {
  const { channel, process } = line;
  const started = process.threads[line.thread]?.ledger.started ?? 0;
  const holdsUnstarted = (channel.newest?.number ?? 0) > started;
  const mayBeAsked =
    channel.isWithdrawable && !channel.isWithdrawing && channel.stuck === undefined;
  if (!line.isAtEnd || !process.isAlive || !holdsUnstarted || !mayBeAsked) {
    line.forsakenSince = Infinity;
    return;
  }
  line.forsakenSince = Math.min(line.forsakenSince, now);
  assert.ok(
    now - line.forsakenSince <= LONGEST_FORSAKEN_MS,
    "requests are left with a thread that left",
  );
}

/** A finished answer never waits long for the request behind it, also when nobody else could start what follows. */
const LONGEST_IN_OUTBOX_MS = 130;

function checkOutbox(line: Line, now: number): void {
  const { channel, process } = line;
  if (!process.isAlive || process.isStopped || !channel.isWithdrawable) return;
  if (channel.isPaused || line.unread.length > 0 || channel.stuck !== undefined) return;
  // What came before a pause has its time anew: the pause held it up, or what would have told of it.
  const since = Math.max(line.unknownSince, line.resumedAt);
  assert.ok(now - since <= LONGEST_IN_OUTBOX_MS, "a finished answer waits");
}

export function checkSend({ channel, isFinished }: Line, request: SimulatedRequest): void {
  assert.equal(isFinished, false, "sent on a channel that was ended");
  assert.equal(request.outcome, undefined, "sent a request that is over");
  assert.equal(request.clientGone, false, "sent a request whose client has gone");
  assert.equal(channel.isPaused, false, "sent on a channel that is paused");
  assert.ok(channel.inHand <= 64);
}

export function checkGiveUp(
  request: SimulatedRequest,
  why: GiveUpReason,
  facts: { waitedMs: number; queueTimeoutMs: number; isBlind: boolean },
): void {
  assert.equal(request.outcome, undefined, "a request ended twice");
  if (why === "queue-timeout") {
    assert.ok(facts.waitedMs >= facts.queueTimeoutMs - 0.001, "given up too early");
  }
  if (why === "worker-died" || why === "request-timeout") {
    assert.ok(request.stores > 0 || facts.isBlind, "lost though it never started");
  }
  if (why === "worker-died") {
    const isRunOver = request.starts > 0 && request.lostRuns === 0;
    assert.ok(!isRunOver || facts.isBlind, "lost though its run was over");
  }
  if (why === "client-gone") assert.equal(request.clientGone, true);
}

/** A time-out must be certain: it is this request that runs, and it has been silent for so long. */
export function checkStuck(
  line: Line | undefined,
  request: SimulatedRequest,
  facts: { now: number; requestTimeoutMs: number },
): void {
  assert.equal(line?.channel.isPaused, false, "a time-out struck while the front did not read");
  const thread = line?.process.threads[line.thread];
  // Without a zygote nobody can tell what runs; and death may have been quicker than its report.
  if (line === undefined || thread === undefined || thread.isEnded) return;
  if (!line.channel.isWithdrawable) return;
  // Its END is on the wire.
  if (thread.current === undefined && facts.now - thread.endedAt < WIRE_SLACK_MS) return;
  assert.equal(thread.current?.request, request, "a time-out struck a request that does not run");
  const silence = facts.now - thread.silentSince;
  assert.ok(silence >= facts.requestTimeoutMs - WIRE_SLACK_MS, `struck after ${silence} ms`);
}
