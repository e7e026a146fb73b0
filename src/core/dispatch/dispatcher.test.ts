import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Channel } from "./channel.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { DispatchOptions } from "./effects.ts";
import { DispatchedRequest } from "./request.ts";

const QUICK = 1;
const SLOW = 2;

class Request extends DispatchedRequest {
  readonly name: string;
  readonly route: number;
  readonly isSafe: boolean;
  readonly frameBytes = 300;

  constructor(name: string, route: number, isSafe: boolean) {
    super();
    this.name = name;
    this.route = route;
    this.isSafe = isSafe;
  }
}

const OPTIONS: DispatchOptions = {
  maxWaiting: 100,
  queueTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  requestTotalTimeoutMs: 0,
};

let told: string[] = [];
let dispatcher = newDispatcher();

/** What the effects were, since the last time they were asked for. */
function effects(): string[] {
  const all = told;
  told = [];
  return all;
}

function newDispatcher(options: Partial<DispatchOptions> = {}): Dispatcher<Request> {
  return new Dispatcher<Request>(
    { ...OPTIONS, ...options },
    {
      send: (channel, number, { name }) => told.push(`${name} -> ${channel.worker} as ${number}`),
      withdraw: (channel, upTo) => told.push(`withdraw ${channel.worker} up to ${upTo}`),
      giveUp: ({ name }, why) => told.push(`${name}: ${why}`),
      stuck: (channel, { name }, silentMs, kind) =>
        told.push(`${name} stuck in ${channel.worker}: ${kind} after ${silentMs}`),
    },
  );
}

function submit(names: string, now: number, route = QUICK): Request[] {
  return names.split("").map((name) => {
    const request = new Request(name, route, name === name.toLowerCase());
    dispatcher.submit(request, now);
    return request;
  });
}

/** A worker with one thread; both routes are known from 100 runs. */
function worker(id: number, now = 0): Channel<Request> {
  const channel = dispatcher.addChannel(id, 0, 1, now);
  dispatcher.tick(now);
  return channel;
}

function end(channel: Channel<Request>, now: number, runMs = 0.1): string | undefined {
  return dispatcher.ended(channel, channel.oldest?.number ?? 0, runMs, now)?.name;
}

/** Lets a worker run both routes once, so that their costs are known; it has then used numbers 1 and 2. */
function teach(channel: Channel<Request>, now = 0): void {
  submit("t", now, QUICK);
  end(channel, now, 0.1);
  submit("t", now, SLOW);
  end(channel, now, 15);
  effects();
}

/** Worker 1 runs a, which is slower than thought, with b and c behind it; worker 2 is free from 3 ms on. */
function trap(): { slow: Channel<Request>; free: Channel<Request> } {
  const slow = worker(1);
  teach(slow);
  submit("abc", 1);
  const free = worker(2, 3);
  effects();
  return { slow, free };
}

beforeEach(() => {
  told = [];
  dispatcher = newDispatcher();
});

describe("submission", () => {
  it("goes to an idle worker at once", () => {
    worker(1);
    const [request] = submit("a", 5);
    assert.deepEqual(effects(), ["a -> 1 as 1"]);
    assert.equal(request?.startedAt, 5);
    assert.equal(dispatcher.inHand, 1);
  });

  it("runs from now on, however long it has waited elsewhere", () => {
    worker(1);
    const request = new Request("a", QUICK, true);
    assert.equal(dispatcher.submit(request, 1150, 1000), true);
    assert.deepEqual([request.queuedAt, request.startedAt], [1000, 1150]);
    const late = new Request("b", QUICK, true);
    dispatcher.submit(late, 1150, 1000);
    effects();
    dispatcher.tick(10_999);
    assert.deepEqual(effects(), []);
    dispatcher.tick(11_000);
    assert.deepEqual(effects(), ["b: queue-timeout"]);
  });

  it("waits for a worker, oldest first", () => {
    submit("ab", 0);
    assert.equal(dispatcher.waiting, 2);
    assert.equal(dispatcher.oldestAgeMs(7), 7);
    const channel = worker(1, 7);
    assert.deepEqual(effects(), ["a -> 1 as 1"], "nothing is known of the route: one at a time");
    assert.equal(end(channel, 8), "a");
    assert.deepEqual(effects(), ["b -> 1 as 2"]);
  });

  it("sends nothing from inside addChannel(), but at the tick that is due", () => {
    submit("a", 0);
    dispatcher.addChannel(1, 0, 1, 3);
    assert.deepEqual(effects(), []);
    assert.equal(dispatcher.nextTickAt, 3);
    dispatcher.tick(3);
    assert.deepEqual(effects(), ["a -> 1 as 1"]);
  });

  it("is refused when the queue is full", () => {
    dispatcher = newDispatcher({ maxWaiting: 2 });
    submit("ab", 0);
    const request = new Request("c", QUICK, true);
    assert.equal(dispatcher.submit(request, 0), false);
    assert.equal(request.place, "new");
    assert.equal(dispatcher.waiting, 2);
  });

  it("learns that a route is slow while its first runs are under way", () => {
    const first = worker(1);
    teach(first);
    for (const id of [2, 3, 4]) worker(id);
    const NEW = 3;
    submit("abcd", 100, NEW);
    submit("ef", 150, NEW);
    submit("q", 151);
    dispatcher.tick(160);
    effects();
    end(first, 161, 61);
    // Three of four workers are what slow ones may hold while a quick one waits.
    assert.deepEqual(effects(), ["q -> 1 as 4"]);
    end(first, 162);
    assert.deepEqual(effects(), []);
    dispatcher.tick(362);
    assert.deepEqual(effects(), ["e -> 1 as 5"]);
  });

  it("serves the newest first once the oldest has waited a second", () => {
    const channel = worker(1);
    submit("x", 0, SLOW);
    submit("a", 0, SLOW);
    submit("b", 500, SLOW);
    effects();
    end(channel, 1000, 20);
    assert.deepEqual(effects(), ["b -> 1 as 2"]);
  });

  it("happens once only", () => {
    const [request] = submit("a", 0);
    assert.throws(() => dispatcher.submit(request ?? new Request("", 0, true), 0), /waiting was/);
  });
});

describe("windows", () => {
  it("fill idle workers before a second request goes behind a running one", () => {
    teach(worker(1));
    worker(2);
    submit("abc", 1);
    assert.deepEqual(effects(), ["a -> 2 as 1", "b -> 1 as 3", "c -> 2 as 2"]);
  });

  it("hold what fits in 1 ms", () => {
    teach(worker(1));
    submit("abcdefghijklmn", 1);
    assert.equal(dispatcher.inHand, 10);
    assert.equal(dispatcher.waiting, 4);
  });

  it("hold more of those that have waited for long", () => {
    const channel = worker(1);
    teach(channel);
    submit("abcdefghijklmnopqrstuvwxyz", 1);
    end(channel, 1.1);
    assert.equal(dispatcher.waiting, 15);
    end(channel, 2);
    assert.equal(dispatcher.waiting, 5);
  });

  it("are filled again when a request ends", () => {
    const channel = worker(1);
    teach(channel);
    submit("abcdefghijklmn", 1);
    effects();
    end(channel, 1.1);
    assert.deepEqual(effects(), ["k -> 1 as 13"]);
  });

  it("share evenly: nobody hoards while another is about to be free", () => {
    const [one] = [worker(1), worker(2)];
    if (one === undefined) return;
    submit("xy", 0);
    submit("abcd", 0);
    effects();
    // The route is known only now, so all four wait.
    const first = dispatcher.channels.find(({ worker: id }) => id === 2);
    if (first !== undefined) end(first, 0.1);
    assert.deepEqual(effects(), ["a -> 2 as 2", "b -> 2 as 3", "c -> 2 as 4"]);
  });

  it("hold one request of a slow route, and nothing is put behind it", () => {
    teach(worker(1));
    submit("a", 1, SLOW);
    submit("b", 1, QUICK);
    assert.deepEqual(effects(), ["a -> 1 as 3"]);
  });

  it("let nobody overtake a slow request that waits for a free worker", () => {
    const channel = worker(1);
    teach(channel);
    submit("a", 1, QUICK);
    submit("b", 1, SLOW);
    submit("c", 1, QUICK);
    assert.deepEqual(effects(), ["a -> 1 as 3"]);
    end(channel, 1.1);
    assert.deepEqual(effects(), ["b -> 1 as 4"]);
  });

  it("hold one request of a route that streams", () => {
    const channel = worker(1);
    teach(channel);
    const [request] = submit("a", 1);
    assert.equal(dispatcher.answerBegan(channel, 3, 1.1), request);
    dispatcher.answerProgress(channel, 50);
    end(channel, 50, 0.2);
    effects();
    submit("bc", 51);
    assert.deepEqual(effects(), ["b -> 1 as 4"]);
  });
});

describe("answers", () => {
  it("begin and end in the order of the numbers", () => {
    const channel = worker(1);
    teach(channel);
    submit("ab", 1);
    assert.equal(dispatcher.answerBegan(channel, 4, 2), undefined);
    assert.equal(dispatcher.ended(channel, 4, 0.1, 2), undefined);
    assert.equal(dispatcher.answerBegan(channel, 3, 2)?.name, "a");
    assert.equal(dispatcher.answerBegan(channel, 3, 2), undefined, "twice");
    assert.equal(dispatcher.ended(channel, 3, 0.1, 2)?.name, "a");
    assert.equal(dispatcher.ended(channel, 3, 0.1, 2), undefined, "over");
  });

  it("that nobody waits for are violations", () => {
    const channel = worker(1);
    assert.equal(dispatcher.answerBegan(channel, 1, 0), undefined);
    assert.equal(dispatcher.ended(channel, 1, 0, 0), undefined);
  });
});

describe("cancel", () => {
  it("takes a waiting request out of the queue", () => {
    const [request] = submit("a", 0);
    if (request === undefined) return;
    assert.equal(dispatcher.cancel(request, 1), true);
    assert.equal(request.place, "over");
    assert.equal(dispatcher.waiting, 0);
  });

  it("lets what stood behind it go on, if that is quick", () => {
    teach(worker(1));
    submit("a", 1, QUICK);
    const [slow] = submit("b", 1, SLOW);
    submit("c", 1, QUICK);
    effects();
    if (slow !== undefined) dispatcher.cancel(slow, 1);
    assert.deepEqual(effects(), ["c -> 1 as 4"]);
  });

  it("leaves a request where it is that a worker holds", () => {
    const channel = worker(1);
    const [request] = submit("a", 0);
    if (request === undefined) return;
    assert.equal(dispatcher.cancel(request, 1), false);
    assert.equal(end(channel, 2), "a");
  });
});

describe("time in the queue", () => {
  it("ends after 10 s", () => {
    submit("a", 0);
    submit("b", 4000);
    assert.equal(dispatcher.nextTickAt, 10_000);
    dispatcher.tick(10_000);
    assert.deepEqual(effects(), ["a: queue-timeout"]);
    assert.equal(dispatcher.nextTickAt, 14_000);
    dispatcher.tick(14_000);
    assert.deepEqual(effects(), ["b: queue-timeout"]);
    assert.equal(dispatcher.nextTickAt, Infinity);
  });

  it("does not leave a tick due in a past that rounding never reaches", () => {
    dispatcher = newDispatcher({ queueTimeoutMs: 0.3 });
    submit("a", 0.1);
    const at = dispatcher.nextTickAt;
    dispatcher.tick(at);
    assert.deepEqual(effects(), ["a: queue-timeout"]);
  });
});

describe("withdrawal", () => {
  it("takes the rest from behind a slow request and gives it to others, in order", () => {
    const { slow } = trap();
    assert.equal(dispatcher.nextTickAt, 6);
    dispatcher.tick(6);
    assert.deepEqual(effects(), ["withdraw 1 up to 5"]);
    dispatcher.withdrawn(slow, { started: 3, above: 3, upTo: 5 }, 7);
    assert.deepEqual(effects(), ["b -> 2 as 1", "c -> 2 as 2"]);
    assert.equal(slow.inHand, 1);
  });

  it("sends nothing to that worker until the report is there", () => {
    const { slow } = trap();
    dispatcher.tick(6);
    effects();
    end(slow, 6.5);
    submit("def", 6.5);
    assert.deepEqual(
      effects().filter((effect) => effect.includes("-> 1")),
      [],
    );
    dispatcher.withdrawn(slow, { started: 3, above: 3, upTo: 5 }, 7);
    submit("g", 7);
    assert.equal(slow.inHand > 0, true);
  });

  it("waits while nobody else could start the rest, until somebody can", () => {
    const [one, two] = [worker(1), worker(2)];
    teach(two);
    submit("x", 0, SLOW);
    submit("abc", 0, QUICK);
    effects();
    assert.equal(one.inHand + two.inHand, 4);
    const holder = one.inHand === 3 ? one : two;
    const other = holder === one ? two : one;
    dispatcher.tick(45);
    assert.deepEqual(effects(), [`withdraw ${holder.worker} up to 0`], "both are overdue: a look");
    const started = holder.oldest?.number ?? 0;
    dispatcher.withdrawn(holder, { started, above: started, upTo: 0 }, 45);
    assert.equal(holder.inHand, 3);
    dispatcher.tick(65);
    assert.deepEqual(effects(), [], "what runs is known");
    end(other, 66, 20);
    assert.equal(dispatcher.nextTickAt, 66);
    dispatcher.tick(66);
    assert.deepEqual(effects(), [`withdraw ${holder.worker} up to ${holder.lastNumber}`]);
  });

  it("looks for answers behind which another runs, also when nobody else could start the rest", () => {
    const one = worker(1);
    teach(one);
    submit("abc", 1, QUICK);
    effects();
    const [first, second] = [one.lastNumber - 2, one.lastNumber - 1];
    dispatcher.tick(6);
    assert.deepEqual(effects(), ["withdraw 1 up to 0"]);
    // The answer of the first was in the outbox.
    assert.equal(end(one, 7), "a");
    dispatcher.withdrawn(one, { started: second, above: second, upTo: 0 }, 7);
    assert.deepEqual([one.running?.number, one.inHand], [first + 1, 2]);
    dispatcher.tick(7);
    assert.deepEqual(effects(), []);
    assert.equal(dispatcher.nextTickAt, 26, "overdue, and 20 ms after the last look");
  });

  it("gives up what comes back for a client that has gone", () => {
    const { slow } = trap();
    dispatcher.tick(6);
    const gone = slow.newest;
    if (gone !== undefined) assert.equal(dispatcher.cancel(gone, 6), false);
    effects();
    dispatcher.withdrawn(slow, { started: 3, above: 3, upTo: 5 }, 7);
    assert.deepEqual(effects(), ["c: client-gone", "b -> 2 as 1"]);
  });

  it("takes nothing back that had started", () => {
    const { slow } = trap();
    dispatcher.tick(6);
    effects();
    dispatcher.withdrawn(slow, { started: 5, above: 5, upTo: 5 }, 7);
    assert.deepEqual(effects(), []);
    assert.equal(slow.inHand, 3);
    dispatcher.tick(50);
    assert.deepEqual(effects(), [], "and is not asked for again");
  });

  it("of a worker that had not started anything makes it idle again", () => {
    const { slow } = trap();
    dispatcher.tick(6);
    effects();
    dispatcher.withdrawn(slow, { started: 2, above: 2, upTo: 5 }, 7);
    assert.deepEqual(effects(), ["a -> 2 as 1", "b -> 2 as 2", "c -> 1 as 6"]);
  });

  it("is asked for as soon as the front holds the worker back", () => {
    const { slow } = trap();
    dispatcher.setPaused(slow, true, 3.5);
    assert.equal(dispatcher.nextTickAt, 3.5);
    dispatcher.tick(3.5);
    assert.deepEqual(effects(), ["withdraw 1 up to 5"]);
  });

  it("brings its requests under the time-out of the queue, also if all workers are slow", () => {
    teach(worker(1));
    submit("abc", 0);
    effects();
    dispatcher.tick(105);
    assert.deepEqual(effects(), ["withdraw 1 up to 5"]);
    const [channel] = dispatcher.channels;
    if (channel !== undefined)
      dispatcher.withdrawn(channel, { started: 3, above: 3, upTo: 5 }, 106);
    assert.equal(dispatcher.waiting, 2);
    for (let at = 0; at < 10_000; dispatcher.tick(at)) at = dispatcher.nextTickAt;
    assert.deepEqual(effects(), ["b: queue-timeout", "c: queue-timeout"]);
  });

  it("that nobody asked for changes nothing", () => {
    const { slow } = trap();
    dispatcher.withdrawn(slow, { started: 3, above: 3, upTo: 5 }, 4);
    assert.equal(slow.inHand, 3);
  });

  it("is not asked of a worker without a zygote", () => {
    const { slow } = trap();
    assert.equal(dispatcher.withdrawalLost(slow), false);
    dispatcher.tick(200);
    assert.deepEqual(effects(), []);
  });

  it("that is lost with the zygote leaves a worker that must be ended", () => {
    const { slow } = trap();
    dispatcher.tick(6);
    assert.equal(dispatcher.withdrawalLost(slow), true);
  });
});
