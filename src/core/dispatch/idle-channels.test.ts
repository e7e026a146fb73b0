import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Channel } from "./channel.ts";
import { Pace } from "./pace.ts";
import type { WorkerLoad } from "./channel.ts";
import { IdleChannels } from "./idle-channels.ts";
import type { DispatchedRequest } from "./request.ts";

type Idle = Channel<DispatchedRequest>;

function channelOf(worker: number, load: WorkerLoad = { busyThreads: 0, threads: 1 }): Idle {
  return new Channel(worker, { worker, thread: 0, generation: 1 }, load, new Pace());
}

function idleOf(...channels: Idle[]): IdleChannels<DispatchedRequest> {
  const idle = new IdleChannels<DispatchedRequest>();
  for (const channel of channels) idle.push(channel);
  return idle;
}

describe("IdleChannels", () => {
  it("gives the one that became idle last, whose caches are warm", () => {
    const [a, b] = [channelOf(1), channelOf(2)];
    const idle = idleOf(a, b);
    assert.equal(idle.take(), b);
    assert.equal(b.isIdle, false);
    assert.equal(idle.take(), a);
    assert.equal(idle.take(), undefined);
  });

  it("prefers a worker whose other threads are idle", () => {
    const busy = { busyThreads: 2, threads: 3 };
    const half = { busyThreads: 1, threads: 3 };
    const [a, b, c, d] = [channelOf(1), channelOf(2, half), channelOf(3), channelOf(4, busy)];
    const idle = idleOf(a, b, c, d);
    assert.deepEqual([idle.take(), idle.take(), idle.take(), idle.take()], [c, a, b, d]);
  });

  it("lets any channel leave and keeps the order of the others", () => {
    const [a, b, c] = [channelOf(1), channelOf(2), channelOf(3)];
    const idle = idleOf(a, b, c);
    idle.remove(b);
    idle.remove(b);
    assert.equal(idle.size, 2);
    assert.deepEqual([idle.take(), idle.take(), idle.take()], [c, a, undefined]);
  });
});
