import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Assignment } from "./assignment.ts";
import { Channel } from "./channel.ts";
import { Pace } from "./pace.ts";
import { DispatchedRequest } from "./request.ts";

class Request extends DispatchedRequest {
  readonly route: number;
  readonly isSafe = true;
  readonly frameBytes = 100;

  constructor(route = 1) {
    super();
    this.route = route;
  }
}

/** So many channels of quick workers, all idle; every route is expected to take 0.1 ms. */
function work(
  channels: number,
  processors = 0,
): { assignment: Assignment<Request>; sent: number[] } {
  const sent: number[] = [];
  const assignment = new Assignment<Request>((channel) => sent.push(channel.worker), processors);
  assignment.estimates.record(1, 0.1);
  for (let worker = 1; worker <= channels; worker++) {
    const place = { worker, thread: 0, generation: 1 };
    const channel = new Channel<Request>(worker, place, { busyThreads: 0, threads: 1 }, new Pace());
    assignment.join(channel);
  }
  return { assignment, sent };
}

function endOldestOf(assignment: Assignment<Request>, worker: number, now: number): void {
  const channel = assignment.channels[worker - 1];
  const request = channel?.endOldest(0, now);
  if (channel === undefined || request === undefined) assert.fail(`worker ${worker} has none`);
  assignment.letGo(request);
  assignment.settle(channel, now);
}

describe("Assignment", () => {
  it("gives nothing past those that wait", () => {
    const { assignment } = work(1);
    assignment.queue.push(new Request());
    assert.equal(assignment.toIdle(new Request(), 0), false);
  });

  it("says when nobody is idle", () => {
    const { assignment, sent } = work(1);
    assert.equal(assignment.toIdle(new Request(), 0), true);
    assert.equal(assignment.toIdle(new Request(), 0), false);
    assert.deepEqual(sent, [1]);
    assert.equal(assignment.inHand, 1);
  });

  it("puts requests behind where the least work is", () => {
    const { assignment, sent } = work(3);
    for (let count = 0; count < 3; count++) assignment.toIdle(new Request(), 0);
    for (let count = 0; count < 6; count++) assignment.queue.push(new Request());
    assignment.putBehind(0);
    assert.deepEqual(
      assignment.channels.map(({ inHand }) => inHand),
      [3, 3, 3],
    );
    assert.equal(sent.length, 9);
  });

  it("spreads quick requests over as many channels as there are processors, until their windows are full", () => {
    const { assignment, sent } = work(4, 2);
    for (let count = 0; count < 20; count++) assignment.toIdle(new Request(), 0);
    assert.deepEqual(sent.slice(0, 4), [4, 3, 3, 4]);
    assert.equal(sent.filter((worker) => worker >= 3).length, 20, "ten fit in a window");
    assignment.toIdle(new Request(), 0);
    assert.equal(sent.at(-1), 2);
  });

  it("wakes no second channel for less work than waking takes", () => {
    const { assignment, sent } = work(3, 2);
    assignment.estimates.record(9, 0.03);
    for (let count = 0; count < 6; count++) assignment.toIdle(new Request(9), 0);
    assert.deepEqual(sent, [3, 3, 3, 2, 2, 2]);
  });

  it("wakes a second one at once if what runs takes longer than was expected", () => {
    const { assignment, sent } = work(3, 2);
    assignment.estimates.record(9, 0.03);
    assignment.toIdle(new Request(9), 0);
    assignment.toIdle(new Request(9), 5);
    assert.deepEqual(sent, [3, 2]);
  });

  it("takes an idle channel while a processor may be free, though one was used again and again", () => {
    const { assignment, sent } = work(3, 2);
    for (let count = 0; count < 5; count++) {
      assignment.toIdle(new Request(), count);
      endOldestOf(assignment, 3, count);
    }
    assignment.toIdle(new Request(), 9);
    assignment.toIdle(new Request(), 9);
    assert.deepEqual(sent.slice(-2), [3, 2]);
  });

  it("gives slow requests to channels that quick ones do not use", () => {
    const { assignment, sent } = work(4, 2);
    assignment.estimates.record(8, 15);
    for (let count = 0; count < 2; count++) assignment.toIdle(new Request(), 0);
    for (const worker of [4, 3]) endOldestOf(assignment, worker, 0);
    for (let count = 0; count < 3; count++) assignment.toIdle(new Request(8), 0);
    assert.deepEqual(sent, [4, 3, 2, 1, 3], "at last there is no other");
    assignment.toIdle(new Request(), 0);
    assert.equal(sent.at(-1), 4);
  });

  it("replaces a channel that a slow request holds, as one that will not help with quick ones", () => {
    const { assignment, sent } = work(4, 2);
    for (let count = 0; count < 2; count++) assignment.toIdle(new Request(), 0);
    endOldestOf(assignment, 4, 5);
    // The one in hand of worker 3 has turned out to be slow.
    for (let count = 0; count < 4; count++) assignment.toIdle(new Request(), 5);
    assert.deepEqual(sent, [4, 3, 4, 2, 2, 4]);
  });

  it("puts nothing behind what has run for longer than it should", () => {
    const { assignment, sent } = work(3, 1);
    assignment.toIdle(new Request(), 0);
    assignment.toIdle(new Request(), 5);
    assert.deepEqual(sent, [3, 2]);
  });

  it("gives a request of unknown or long run time a channel of its own", () => {
    const { assignment, sent } = work(3, 1);
    assignment.estimates.record(7, 3);
    for (let count = 0; count < 3; count++) assignment.toIdle(new Request(7), 0);
    assert.deepEqual(sent, [3, 2, 1]);
  });

  it("looks at eight channels at most, in turn, so that all get their share of many", () => {
    const { assignment } = work(20);
    for (let count = 0; count < 20; count++) assignment.toIdle(new Request(), 0);
    for (let count = 0; count < 60; count++) {
      assignment.queue.push(new Request());
      assignment.putBehind(0);
    }
    assert.equal(assignment.queue.size, 0);
    const held = assignment.channels.map(({ inHand }) => inHand);
    assert.ok(Math.max(...held) <= 5, held.join(" "));
    assert.ok(Math.min(...held) >= 3, held.join(" "));
  });

  it("settles a channel once", () => {
    const { assignment } = work(1);
    const [channel] = assignment.channels;
    if (channel === undefined) return;
    assert.equal(assignment.settle(channel, 0), false, "it is idle already");
    assignment.idle.take();
    assert.equal(assignment.settle(channel, 0), true);
    assert.equal(assignment.idle.size, 1);
  });

  it("fills all idle channels, evenly", () => {
    const { assignment, sent } = work(2);
    for (let count = 0; count < 4; count++) assignment.queue.push(new Request());
    assignment.fillIdle(0);
    assert.deepEqual(sent, [2, 2, 1, 1]);
    assignment.fillIdle(0);
  });
});
