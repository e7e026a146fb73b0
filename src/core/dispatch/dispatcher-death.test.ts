// Deaths, time-outs, pauses and retirement: what becomes of the requests of a channel that ends or is held back.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Channel } from "./channel.ts";
import { Dispatcher } from "./dispatcher.ts";
import { DispatchedRequest } from "./request.ts";

class Request extends DispatchedRequest {
  readonly name: string;
  readonly route = 1;
  readonly isSafe: boolean;
  readonly frameBytes = 300;

  constructor(name: string) {
    super();
    this.name = name;
    // A small letter is a GET, a capital a POST.
    this.isSafe = name === name.toLowerCase();
  }
}

let told: string[] = [];
let onGiveUp: () => void = () => {};
let dispatcher = newDispatcher();

function effects(): string[] {
  const all = told;
  told = [];
  return all;
}

function newDispatcher(): Dispatcher<Request> {
  const options = {
    maxWaiting: 100,
    queueTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    requestTotalTimeoutMs: 0,
  };
  return new Dispatcher<Request>(options, {
    send: (channel, number, { name }) => told.push(`${name} -> ${channel.worker} as ${number}`),
    withdraw: (channel, upTo) => told.push(`withdraw ${channel.worker} up to ${upTo}`),
    giveUp: ({ name }, why) => {
      told.push(`${name}: ${why}`);
      onGiveUp();
    },
    stuck: (channel, { name }, silentMs, kind) =>
      told.push(`${name} stuck in ${channel.worker}: ${kind} after ${silentMs}`),
  });
}

function submit(names: string, now: number): Request[] {
  return names.split("").map((name) => {
    const request = new Request(name);
    dispatcher.submit(request, now);
    return request;
  });
}

function worker(id: number, now = 0, thread = 0): Channel<Request> {
  const channel = dispatcher.addChannel(id, thread, 1, now);
  dispatcher.tick(now);
  return channel;
}

function end(channel: Channel<Request>, now: number): void {
  dispatcher.ended(channel, channel.oldest?.number ?? 0, 0.1, now);
}

/** A worker that holds these requests as numbers 2, 3, ... since 0 ms. */
function busy(id: number, names: string): Channel<Request> {
  const channel = worker(id);
  submit("t", 0);
  end(channel, 0);
  submit(names, 0);
  effects();
  return channel;
}

const LEDGER = { started: 2, withdrawnTo: 0, exempt: 0 };

beforeEach(() => {
  told = [];
  onGiveUp = () => {};
  dispatcher = newDispatcher();
});

describe("death of a worker", () => {
  it("costs only the request that ran; the others go to another worker in order", () => {
    const channel = busy(1, "ABC");
    dispatcher.died(channel, LEDGER, "exit", 1);
    assert.deepEqual(effects(), ["A: worker-died"]);
    assert.equal(dispatcher.waiting, 2);
    assert.equal(dispatcher.inHand, 0);
    worker(2, 2);
    assert.deepEqual(effects(), ["B -> 2 as 1", "C -> 2 as 2"]);
  });

  it("repeats a safe request once", () => {
    const [first, second] = [busy(1, "a"), undefined];
    assert.equal(second, undefined);
    dispatcher.died(first, LEDGER, "exit", 1);
    assert.deepEqual(effects(), []);
    const next = worker(2, 2);
    assert.deepEqual(effects(), ["a -> 2 as 1"]);
    dispatcher.died(next, { ...LEDGER, started: 1 }, "exit", 3);
    assert.deepEqual(effects(), ["a: worker-died"]);
  });

  it("feeds idle workers with what it held", () => {
    const channel = busy(1, "abc");
    dispatcher.retire(channel, 0);
    worker(2);
    dispatcher.died(channel, { ...LEDGER, started: 1 }, "exit", 1);
    assert.deepEqual(effects(), ["a -> 2 as 1", "b -> 2 as 2", "c -> 2 as 3"]);
  });

  it("does not count its run as time in the queue", () => {
    const channel = busy(1, "a");
    dispatcher.died(channel, LEDGER, "exit", 9000);
    assert.equal(dispatcher.oldestAgeMs(9000), 0);
    dispatcher.tick(10_000);
    assert.deepEqual(effects(), []);
    assert.equal(dispatcher.waiting, 1);
  });

  it("after a withdrawal whose report is on its way: the ledger tells what was withdrawn", () => {
    const channel = busy(1, "ABC");
    worker(2);
    dispatcher.tick(5);
    assert.deepEqual(effects(), ["withdraw 1 up to 4"]);
    dispatcher.died(channel, { started: 4, withdrawnTo: 4, exempt: 2 }, "exit", 6);
    assert.deepEqual(effects(), ["A: worker-died", "B -> 2 as 1", "C -> 2 as 2"]);
    dispatcher.withdrawn(channel, { started: 2, above: 2, upTo: 4 }, 7);
    assert.deepEqual(effects(), []);
  });

  it("after the report of a withdrawal: nothing runs twice, nothing is lost", () => {
    const channel = busy(1, "ABC");
    worker(2);
    dispatcher.tick(5);
    dispatcher.withdrawn(channel, { started: 2, above: 2, upTo: 4 }, 6);
    assert.deepEqual(effects(), ["withdraw 1 up to 4", "B -> 2 as 1", "C -> 2 as 2"]);
    dispatcher.died(channel, { started: 4, withdrawnTo: 4, exempt: 2 }, "exit", 7);
    assert.deepEqual(effects(), ["A: worker-died"]);
  });

  it("takes a request whose END was lost for started, though a later withdrawal went beyond it", () => {
    // A ended (its END waits in the worker for the first frame of B), B ran at the stop, C was withdrawn.
    const channel = busy(1, "ABC");
    dispatcher.died(channel, { started: 3, withdrawnTo: 4, exempt: 3 }, "exit", 6);
    assert.deepEqual(effects(), ["B: worker-died", "A: worker-died"]);
    assert.equal(dispatcher.waiting, 1);
  });

  it("reported twice changes nothing", () => {
    const channel = busy(1, "A");
    dispatcher.died(channel, LEDGER, "exit", 1);
    dispatcher.died(channel, LEDGER, "exit", 2);
    assert.deepEqual(effects(), ["A: worker-died"]);
    assert.equal(dispatcher.channels.length, 0);
  });

  it("of an idle worker costs nothing", () => {
    const channel = worker(1);
    dispatcher.died(channel, { started: 0, withdrawnTo: 0, exempt: 0 }, "exit", 1);
    submit("a", 2);
    assert.equal(dispatcher.waiting, 1);
    assert.equal(dispatcher.idleChannels, 0);
  });

  it("without a ledger counts all as started: nobody knows what was in the outbox", () => {
    const channel = busy(1, "AbC");
    dispatcher.died(channel, undefined, "exit", 1);
    assert.deepEqual(effects(), ["C: worker-died", "A: worker-died"]);
    assert.equal(dispatcher.waiting, 1, "b is safe to repeat");
  });

  it("lets a client that was given up submit its next request from inside the effect", () => {
    const channel = busy(1, "ABC");
    const other = worker(2);
    submit("x", 0);
    effects();
    onGiveUp = () => {
      onGiveUp = () => {};
      submit("n", 1);
    };
    dispatcher.died(channel, LEDGER, "exit", 1);
    end(other, 1.1);
    const sent = effects().filter((effect) => effect.includes("->"));
    assert.deepEqual(new Set(sent.map((effect) => effect[0])), new Set(["B", "C", "n"]));
    assert.equal(sent.length, 3);
  });
});

describe("request time-out", () => {
  it("strikes after 30 s of silence, once, and names the request", () => {
    const channel = busy(1, "a");
    dispatcher.tick(20); // Its route is a slow one from here on.
    assert.equal(dispatcher.nextTickAt, 30_000);
    dispatcher.tick(30_000);
    assert.deepEqual(effects(), ["a stuck in 1: request-timeout after 30000"]);
    dispatcher.tick(30_500);
    assert.deepEqual(effects(), []);
    dispatcher.died(channel, LEDGER, "timeout", 31_000);
    assert.deepEqual(effects(), ["a: request-timeout"]);
  });

  it("starts anew with every piece of the answer", () => {
    const channel = busy(1, "a");
    dispatcher.tick(20);
    dispatcher.answerBegan(channel, 2, 20_000);
    dispatcher.answerProgress(channel, 40_000);
    dispatcher.tick(30_000);
    dispatcher.tick(50_000);
    assert.deepEqual(effects(), []);
    assert.equal(dispatcher.nextTickAt, 70_000);
  });

  it("blames the request that the ledger names, from when it is known to run", () => {
    const channel = busy(1, "abc");
    dispatcher.answerBegan(channel, 2, 0);
    // The END of a is held back by the worker; b hangs.
    dispatcher.tick(105);
    assert.deepEqual(effects(), ["withdraw 1 up to 4"]);
    dispatcher.withdrawn(channel, { started: 3, above: 3, upTo: 4 }, 106);
    for (let at = dispatcher.nextTickAt; at < 30_106; at = dispatcher.nextTickAt)
      dispatcher.tick(at);
    assert.deepEqual(effects(), ["c: queue-timeout"]);
    dispatcher.tick(30_106);
    assert.deepEqual(effects(), ["b stuck in 1: request-timeout after 30000"]);
  });

  it("stands still while the front holds the worker back", () => {
    const channel = busy(1, "a");
    dispatcher.tick(20);
    dispatcher.setPaused(channel, true, 10_000);
    dispatcher.tick(30_000);
    dispatcher.setPaused(channel, false, 90_000);
    assert.equal(dispatcher.nextTickAt, 110_000);
    dispatcher.tick(110_000);
    assert.deepEqual(effects(), ["a stuck in 1: request-timeout after 30000"]);
  });

  it("strikes nobody after the front itself stood still, before what came meanwhile is read", () => {
    const channel = busy(1, "a");
    dispatcher.stoodStill(89_900, 90_000);
    assert.equal(dispatcher.nextTickAt, 90_050);
    end(channel, 90_001);
    dispatcher.tick(90_050);
    assert.deepEqual(effects(), []);
  });

  it("gives back a standstill that is over before anything is due, as when worker and all were frozen", () => {
    busy(1, "a");
    dispatcher.tick(20);
    dispatcher.stoodStill(28_000, 29_000);
    for (const now of [29_050, 30_000, 57_999]) dispatcher.tick(now);
    assert.deepEqual(effects(), []);
    dispatcher.tick(58_000);
    assert.deepEqual(effects(), ["a stuck in 1: request-timeout after 30000"]);
  });

  it("gives nothing back of a short one", () => {
    busy(1, "a");
    dispatcher.tick(20);
    dispatcher.stoodStill(900, 1000);
    assert.equal(dispatcher.nextTickAt, 30_000);
  });

  it("is not put off by a standstill for what began behind it", () => {
    const channel = busy(1, "ab");
    end(channel, 90_000);
    dispatcher.stoodStill(89_900, 90_001);
    dispatcher.tick(90_051);
    assert.deepEqual(effects(), []);
    dispatcher.tick(120_001);
    assert.deepEqual(effects(), ["b stuck in 1: request-timeout after 30000"]);
  });

  it("is not put off by a time without requests either", () => {
    const channel = busy(1, "a");
    end(channel, 100);
    submit("b", 3_600_000);
    effects();
    assert.ok(dispatcher.nextTickAt > 3_600_000);
    for (let now = 0; now <= 30_000; now += 250) dispatcher.tick(3_600_000 + now);
    assert.deepEqual(effects(), ["b stuck in 1: request-timeout after 30000"]);
  });

  it("of one thread lets a safe request of another run again", () => {
    const [one, two] = [worker(1, 0, 0), worker(1, 0, 1)];
    submit("a", 0);
    submit("b", 5);
    dispatcher.tick(30_000);
    effects();
    dispatcher.died(two, { started: 1, withdrawnTo: 0, exempt: 0 }, "timeout", 30_001);
    dispatcher.died(one, { started: 1, withdrawnTo: 0, exempt: 0 }, "timeout", 30_001);
    assert.deepEqual(effects(), ["a: request-timeout"]);
    assert.equal(dispatcher.waiting, 1);
  });
});

describe("a channel whose thread has left while its worker lives on", () => {
  it("gives back what had not begun, at once", () => {
    const channel = busy(1, "A");
    dispatcher.closed(channel, 1);
    assert.equal(dispatcher.nextTickAt, 1);
    dispatcher.tick(1);
    assert.deepEqual(effects(), ["withdraw 1 up to 2"]);
    worker(2, 2);
    dispatcher.withdrawn(channel, { started: 1, above: 1, upTo: 2 }, 2);
    assert.deepEqual(effects(), ["A -> 2 as 1"]);
  });

  it("is asked once, and nothing while it holds nothing", () => {
    const channel = busy(1, "A");
    dispatcher.closed(channel, 1);
    dispatcher.tick(1);
    effects();
    dispatcher.withdrawn(channel, { started: 1, above: 2, upTo: 2 }, 2);
    for (let now = 2; now < 1000; now += 5) dispatcher.tick(now);
    assert.deepEqual(effects(), []);
    const other = worker(3, 1000);
    dispatcher.closed(other, 1001);
    dispatcher.tick(1002);
    assert.deepEqual(effects(), []);
  });

  it("is asked again, if it left while it was being asked", () => {
    const channel = busy(1, "AB");
    dispatcher.tick(105);
    assert.deepEqual(effects(), ["withdraw 1 up to 3"]);
    dispatcher.closed(channel, 106);
    dispatcher.tick(106);
    assert.deepEqual(effects(), []);
    dispatcher.withdrawn(channel, { started: 0, above: 3, upTo: 3 }, 107);
    dispatcher.tick(dispatcher.nextTickAt);
    assert.deepEqual(effects(), ["withdraw 1 up to 3"]);
  });
});

describe("a paused channel", () => {
  it("is given nothing, and what waits when it goes on", () => {
    const channel = worker(1);
    dispatcher.setPaused(channel, true, 0);
    dispatcher.setPaused(channel, true, 1);
    submit("a", 1);
    assert.deepEqual(effects(), []);
    dispatcher.setPaused(channel, false, 2);
    assert.deepEqual(effects(), ["a -> 1 as 1"]);
  });
});

describe("a retiring channel", () => {
  it("is given nothing new and keeps what it holds", () => {
    const channel = busy(1, "ab");
    dispatcher.retire(channel, 0);
    submit("c", 0);
    end(channel, 0.1);
    end(channel, 0.2);
    assert.deepEqual(effects(), []);
    assert.equal(channel.inHand, 0);
    assert.equal(dispatcher.waiting, 1);
  });

  it("is not idle any more", () => {
    const channel = worker(1);
    dispatcher.retire(channel, 0);
    submit("a", 0);
    assert.deepEqual(effects(), []);
  });
});
