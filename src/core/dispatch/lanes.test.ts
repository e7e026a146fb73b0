// The lanes of slow and quick requests, by themselves and through the dispatcher.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Channel } from "./channel.ts";
import { Dispatcher } from "./dispatcher.ts";
import { RunEstimates } from "./estimate.ts";
import {
  Lanes,
  QUICK_LATELY_MS,
  QUICK_STREAM,
  RESERVE_FROM_CHANNELS,
  RESERVE_MS,
} from "./lanes.ts";
import { DispatchedRequest } from "./request.ts";

const QUICK = 1;
const SLOW = 2;
const LEARNT = 3;

class Request extends DispatchedRequest {
  readonly name: string;
  readonly route: number;
  readonly isSafe = true;
  readonly frameBytes = 100;

  constructor(name: string, route: number, queuedAt = 0) {
    super();
    this.name = name;
    this.route = route;
    this.queuedAt = queuedAt;
  }
}

function lanesOf(...requests: Request[]): { lanes: Lanes<Request>; estimates: RunEstimates } {
  const estimates = new RunEstimates();
  estimates.record(QUICK, 0.1);
  estimates.record(SLOW, 100);
  const lanes = new Lanes<Request>(estimates);
  for (const request of requests) lanes.push(request);
  return { lanes, estimates };
}

/** Hands over what is next. */
function take(lanes: Lanes<Request>, channels: number, now: number): Request | undefined {
  const request = lanes.next(channels, now);
  if (request === undefined) return undefined;
  lanes.remove(request);
  lanes.handed(request, request.isSlow ? 20 : 0.1, now);
  return request;
}

/** So many quick requests are handed over at once, and end. */
function hearQuick(lanes: Lanes<Request>, count: number, now: number): void {
  for (let heard = 0; heard < count; heard++) lanes.handed(new Request("q", QUICK), 0.1, now);
}

function slowOnes(count: number): Request[] {
  return Array.from({ length: count }, (_, index) => new Request(`s${index}`, SLOW, index));
}

describe("Lanes", () => {
  it("serve the oldest of all while slow requests have less than their share", () => {
    const { lanes } = lanesOf(
      new Request("a", SLOW, 0),
      new Request("b", QUICK, 1),
      new Request("c", SLOW, 2),
      new Request("d", QUICK, 3),
    );
    const names = [1, 2, 3, 4].map(() => take(lanes, 16, 5)?.name);
    assert.deepEqual(names, ["a", "b", "c", "d"]);
    assert.equal(lanes.size, 0);
  });

  it("give slow requests three quarters of the channels while quick ones wait", () => {
    const quick = new Request("q", QUICK, 50);
    const { lanes } = lanesOf(...slowOnes(16), quick);
    for (let index = 0; index < 12; index++) assert.equal(take(lanes, 16, 60)?.isSlow, true);
    assert.equal(take(lanes, 16, 60), quick);
    assert.equal(lanes.next(16, 60), undefined, "and shortly after");
    assert.equal(lanes.next(16, 60 + QUICK_LATELY_MS - 1), undefined);
    assert.equal(lanes.lapsesAt(16, 60), 60 + QUICK_LATELY_MS);
    assert.equal(lanes.next(16, 60 + QUICK_LATELY_MS)?.isSlow, true, "then more of them");
  });

  it("keep one of many channels from slow requests for a minute after a stream of quick ones", () => {
    const { lanes } = lanesOf(...slowOnes(16));
    hearQuick(lanes, QUICK_STREAM, 60);
    for (let index = 0; index < 15; index++) take(lanes, 16, 60 + QUICK_LATELY_MS);
    assert.equal(lanes.next(16, 60 + QUICK_LATELY_MS), undefined);
    assert.equal(lanes.next(16, 60 + RESERVE_MS - 1), undefined);
    assert.equal(lanes.lapsesAt(16, 60 + QUICK_LATELY_MS), 60 + RESERVE_MS);
    assert.equal(lanes.next(16, 60 + RESERVE_MS)?.name, "s15", "then all of them");
  });

  it("keep none of few, and none for a few quick ones", () => {
    for (const [channels, quick] of [
      [RESERVE_FROM_CHANNELS - 1, QUICK_STREAM],
      [RESERVE_FROM_CHANNELS, QUICK_STREAM - 1],
    ] as const) {
      const { lanes } = lanesOf(...slowOnes(channels));
      hearQuick(lanes, quick, 60);
      // One now and then is no stream.
      hearQuick(lanes, 1, 60 + QUICK_LATELY_MS);
      const later = 60 + 2 * QUICK_LATELY_MS;
      const taken = Array.from({ length: channels }, () => take(lanes, channels, later));
      assert.equal(taken.at(-1)?.name, `s${channels - 1}`);
    }
  });

  it("keep it for as much longer as the front stood still", () => {
    const { lanes } = lanesOf(...slowOnes(16));
    hearQuick(lanes, QUICK_STREAM, 0);
    for (let index = 0; index < 15; index++) take(lanes, 16, QUICK_LATELY_MS);
    lanes.stoodStill(1000, 71_000);
    assert.equal(lanes.next(16, RESERVE_MS + 69_999), undefined);
    assert.equal(lanes.next(16, RESERVE_MS + 70_000)?.name, "s15");
  });

  it("give slow requests all channels while there are no quick ones", () => {
    const { lanes } = lanesOf(...slowOnes(16));
    for (let index = 0; index < 16; index++) assert.equal(take(lanes, 16, 60)?.name, `s${index}`);
  });

  it("give them one of two channels, and the only one", () => {
    const { lanes } = lanesOf(new Request("a", SLOW), new Request("b", SLOW));
    lanes.handed(new Request("q", QUICK), 0.1, 0);
    assert.equal(take(lanes, 2, 1)?.name, "a");
    assert.equal(take(lanes, 2, 1), undefined);
    const { lanes: single } = lanesOf(new Request("a", SLOW));
    single.handed(new Request("q", QUICK), 0.1, 0);
    assert.equal(take(single, 1, 1)?.name, "a");
  });

  it("count a slow request until it leaves the channel's hands", () => {
    const { lanes } = lanesOf(new Request("a", SLOW), new Request("b", SLOW));
    lanes.handed(new Request("q", QUICK), 0.1, 0);
    const first = take(lanes, 2, 1);
    assert.equal(lanes.next(2, 1), undefined);
    if (first !== undefined) lanes.letGo(first);
    assert.equal(lanes.next(2, 1)?.name, "b");
  });

  it("move a request whose route turns out to be slow, or quick, in its place", () => {
    const [a, b, c] = [
      new Request("a", LEARNT, 0),
      new Request("b", LEARNT, 1),
      new Request("c", QUICK, 2),
    ];
    const { lanes, estimates } = lanesOf(a, b, c);
    assert.equal(lanes.next(1, 3), a);
    estimates.record(LEARNT, 100);
    lanes.handed(new Request("s", SLOW), 20, 3);
    assert.equal(lanes.next(1, 3), c, "the slow lane has its share");
    assert.deepEqual([a.isSlow, b.isSlow, c.isSlow], [true, true, false]);
    for (let run = 0; run < 20; run++) estimates.record(LEARNT, 0.1);
    assert.equal(lanes.next(1, 3), a);
    lanes.remove(a);
    assert.equal(lanes.next(1, 3), b);
    lanes.remove(b);
    assert.equal(lanes.next(1, 3), c);
  });

  it("keep their order when requests are put back", () => {
    const [a, b] = [new Request("a", QUICK, 0), new Request("b", SLOW, 1)];
    const { lanes } = lanesOf(a, b, new Request("c", QUICK, 2), new Request("d", SLOW, 3));
    lanes.remove(b);
    lanes.remove(a);
    assert.equal(lanes.oldest?.name, "c");
    lanes.putBack(b);
    lanes.putBack(a);
    assert.equal(lanes.oldest, a);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => take(lanes, 16, 5)?.name),
      ["a", "b", "c", "d"],
    );
  });
});

describe("a dispatcher with slow and quick requests", () => {
  const sent: string[] = [];
  const dispatcher = new Dispatcher<Request>(
    { maxWaiting: 100, queueTimeoutMs: 10_000, requestTimeoutMs: 0, requestTotalTimeoutMs: 0 },
    {
      send: (channel, _number, { name }) => sent.push(`${name} in ${channel.worker}`),
      withdraw: () => assert.fail("nothing stands behind a slow request"),
      giveUp: () => assert.fail("nothing is given up"),
      stuck: () => assert.fail("nothing is stuck"),
    },
  );
  const channels: Channel<Request>[] = [];
  const holder = (name: string): Channel<Request> => {
    const found = channels.find(({ oldest }) => oldest?.name === name);
    assert.ok(found, name);
    return found;
  };
  const end = (name: string, now: number, runMs: number): void => {
    const channel = holder(name);
    dispatcher.ended(channel, channel.oldest?.number ?? 0, runMs, now);
  };

  it("keeps a channel for the quick ones, while they come", () => {
    for (let id = 1; id <= 4; id++) channels.push(dispatcher.addChannel(id, 0, 1, 0));
    dispatcher.tick(0);
    for (const [name, route, runMs] of [
      ["learn", QUICK, 0.1],
      ["learn", SLOW, 100],
    ] as const) {
      dispatcher.submit(new Request(name, route), 0);
      end(name, 0, runMs);
    }
    for (const name of ["s1", "s2", "s3", "s4", "s5"]) {
      dispatcher.submit(new Request(name, SLOW), 10);
    }
    assert.equal(dispatcher.waiting, 2);
    assert.equal(dispatcher.idleChannels, 1);
    dispatcher.submit(new Request("q", QUICK), 20);
    assert.equal(dispatcher.waiting, 2, "a quick one passes them");
    end("q", 21, 0.1);
    dispatcher.tick(QUICK_LATELY_MS);
    assert.equal(dispatcher.waiting, 2);
    assert.equal(dispatcher.nextTickAt, 20 + QUICK_LATELY_MS);
  });

  it("does not take it for a pause of theirs that the front itself stood still", () => {
    dispatcher.stoodStill(580, 800);
    dispatcher.tick(800);
    assert.equal(dispatcher.waiting, 2);
    assert.equal(dispatcher.nextTickAt, 800 + QUICK_LATELY_MS);
  });

  it("gives it to the slow ones when no quick one came for a while", () => {
    dispatcher.tick(800 + QUICK_LATELY_MS);
    assert.equal(dispatcher.waiting, 1);
    assert.equal(dispatcher.idleChannels, 0);
    assert.equal(holder("s4").inHand, 1);
  });

  it("brings the slow ones back to their share as they end", () => {
    dispatcher.submit(new Request("r", QUICK), 80);
    assert.equal(dispatcher.waiting, 2);
    end("s1", 110, 100);
    assert.equal(holder("r").inHand, 1, "the quick one first, though the slow one is older");
    end("s2", 110, 100);
    assert.equal(dispatcher.waiting, 0);
    assert.equal(holder("s5").inHand, 1, "two slow ones run: this is their third channel");
  });

  it("hands over at once when it turns out that they are quick", () => {
    for (const name of ["u", "v"]) dispatcher.submit(new Request(name, SLOW), 111);
    end("r", 111, 0.1);
    assert.equal(dispatcher.waiting, 2);
    for (let run = 0; run < 20; run++) {
      const [name] = channels.flatMap(({ oldest }) => oldest?.name ?? []);
      if (name !== undefined) end(name, 112, 0.1);
      if (channels.some(({ oldest }) => oldest?.name === "v")) return;
      dispatcher.submit(new Request("w", SLOW), 112);
    }
    assert.fail("they still wait");
  });
});

/** A dispatcher with slow requests `s0` and so on, since QUICK_LATELY_MS, after a stream of quick ones at 0. */
function saturated(slow: number) {
  const dispatcher = new Dispatcher<Request>(
    { maxWaiting: 100, queueTimeoutMs: 1e6, requestTimeoutMs: 0, requestTotalTimeoutMs: 0 },
    { send: () => {}, withdraw: () => {}, giveUp: () => {}, stuck: () => {} },
  );
  const channels = Array.from({ length: RESERVE_FROM_CHANNELS }, (_, id) =>
    dispatcher.addChannel(id, 0, 1, 0),
  );
  const end = (name: string, runMs: number): void => {
    const channel = channels.find(({ oldest }) => oldest?.name === name);
    assert.ok(channel?.oldest, name);
    dispatcher.ended(channel, channel.oldest.number, runMs, 0);
  };
  const submit = (name: string, route: number, now: number): void => {
    dispatcher.submit(new Request(name, route), now);
  };
  for (let heard = 0; heard <= QUICK_STREAM; heard++) {
    submit("q", QUICK, 0);
    end("q", 0.1);
  }
  submit("learn", SLOW, 0);
  end("learn", 100);
  for (let index = 0; index < slow; index++) submit(`s${index}`, SLOW, QUICK_LATELY_MS);
  return { dispatcher, channels, submit };
}

describe("a dispatcher that keeps one of many channels", () => {
  it("does not call it dispensable while requests wait, or have waited", () => {
    const { dispatcher } = saturated(RESERVE_FROM_CHANNELS - 1);
    assert.deepEqual([dispatcher.idleChannels, dispatcher.waiting], [1, 0]);
    dispatcher.takeLeastIdle();
    assert.equal(dispatcher.takeLeastIdle(), 1, "nobody waits");
    const request = new Request("s", SLOW);
    dispatcher.submit(request, QUICK_LATELY_MS);
    assert.deepEqual([dispatcher.idleChannels, dispatcher.waiting], [1, 1]);
    dispatcher.cancel(request, QUICK_LATELY_MS);
    assert.equal(dispatcher.takeLeastIdle(), 0, "one has waited");
    dispatcher.submit(new Request("t", SLOW), QUICK_LATELY_MS);
    dispatcher.takeLeastIdle();
    assert.equal(dispatcher.takeLeastIdle(), 0, "one waits");
  });

  it("counts neither channels that retire nor the slow requests that they hold", () => {
    const { dispatcher, channels, submit } = saturated(0);
    for (const name of ["s0", "s1", "s2"]) submit(name, SLOW, 0);
    const idle = channels.find(({ isIdle }) => isIdle);
    const busy = channels.filter(({ inHand }) => inHand > 0);
    for (const channel of idle === undefined ? busy : [idle, ...busy])
      dispatcher.retire(channel, 0);
    for (const name of ["t0", "t1", "t2", "t3"]) submit(name, SLOW, 0);
    assert.deepEqual([dispatcher.idleChannels, dispatcher.waiting], [1, 1], "three of four");
  });
});
