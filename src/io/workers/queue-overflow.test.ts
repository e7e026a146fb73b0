import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type AnswerSink, Exchange, type WholeRequest } from "../../core/http/exchange.ts";
import { QueueOverflow } from "./queue-overflow.ts";

const REQUEST: WholeRequest = {
  route: 1,
  isSafe: true,
  isHead: false,
  minorVersion: 1,
  method: "GET",
  targetAt: 0,
  agentAt: 0,
  referrerAt: 0,
  idStart: 0,
  idEnd: 0,
  headAt: 0,
  isChunked: false,
  keepAlive: true,
  requestLine: "GET /",
  environ: new Uint8Array(0),
  body: undefined,
  frameBytes: 0,
};

/** A queue with so much room, behind which some wait; time is the test's. */
function overflow({ mock }: TestContext) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const taken: number[] = [];
  const refused: number[] = [];
  const state = { now: 0, room: 0, logged: 0 };
  const submit = ({ receivedAt, queuedAt }: Exchange, now: number, since: number): boolean => {
    assert.deepEqual([now, since], [state.now, queuedAt]);
    if (state.room === 0) return false;
    state.room--;
    taken.push(receivedAt);
    return true;
  };
  const log = { refused: () => state.logged++ };
  const waiting = new QueueOverflow({ submit }, log, undefined, () => state.now);
  const sink: AnswerSink = {
    answerBegan: () => {},
    answerContinued: () => {},
    answerEnded: () => {},
    answerRefused: (exchange, { code }) => {
      assert.equal(code, "queueFull");
      refused.push(exchange.receivedAt);
    },
    answerAbandoned: () => {},
  };
  /** Requests are told apart by when they came. */
  const add = (receivedAt: number): Exchange => {
    const exchange = new Exchange(REQUEST, sink, receivedAt);
    exchange.queuedAt = state.now;
    waiting.add(exchange);
    return exchange;
  };
  const pass = async (ms: number): Promise<void> => {
    state.now += ms;
    mock.timers.tick(ms);
    await turn();
  };
  return { waiting, state, taken, refused, add, pass };
}

describe("requests that found the queue full", () => {
  it("get into it in turn as soon as there is room", async (context) => {
    const { waiting, state, taken, refused, add, pass } = overflow(context);
    for (const receivedAt of [1, 2, 3]) add(receivedAt);
    waiting.admit();
    assert.deepEqual(taken, []);
    state.room = 2;
    waiting.admit();
    assert.deepEqual(taken, [1, 2]);
    assert.equal(waiting.size, 1);
    await pass(249);
    state.room = 5;
    waiting.admit();
    assert.deepEqual(taken, [1, 2, 3]);
    await pass(1000);
    waiting.admit();
    assert.deepEqual(taken, [1, 2, 3]);
    assert.deepEqual(refused, []);
  });

  it("are refused when there is no room for long, each after the same time", async (context) => {
    const { state, refused, add, pass } = overflow(context);
    add(1);
    await pass(100);
    add(2);
    await pass(149);
    assert.deepEqual(refused, []);
    await pass(1);
    assert.deepEqual(refused, [1]);
    await pass(99);
    assert.deepEqual(refused, [1]);
    await pass(1);
    assert.deepEqual(refused, [1, 2]);
    assert.equal(state.logged, 2);
  });

  it("are refused a few at a time", async (context) => {
    const { refused, add, pass } = overflow(context);
    for (let receivedAt = 0; receivedAt < 100; receivedAt++) add(receivedAt);
    await pass(250);
    assert.equal(refused.length, 32);
    await pass(1);
    assert.equal(refused.length, 64);
    await pass(1);
    await pass(1);
    assert.equal(refused.length, 100);
    add(200);
    await pass(250);
    assert.equal(refused.at(-1), 200);
  });

  it("get into it first where answers have come that were not read before the time was over", async (context) => {
    const { waiting, state, taken, refused, add, pass } = overflow(context);
    add(1);
    const passed = pass(5000);
    state.room = 1;
    waiting.admit();
    await passed;
    assert.deepEqual([taken, refused], [[1], []]);
  });

  it("never reach the queue once their clients are gone", (context) => {
    const { waiting, state, taken, add } = overflow(context);
    add(1).clientGone = true;
    add(2);
    state.room = 5;
    waiting.admit();
    assert.deepEqual(taken, [2]);
  });
});
