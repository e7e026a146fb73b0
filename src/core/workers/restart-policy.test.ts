import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RestartPolicy } from "./restart-policy.ts";

/** Jitter of nothing: the middle of its range. */
function newPolicy(): RestartPolicy {
  return new RestartPolicy(() => 0.5);
}

/** Dies before it is ready, again and again, each time born when it may be. Returns the delays. */
function delays(policy: RestartPolicy, deaths: number): number[] {
  const all: number[] = [];
  let now = 0;
  for (let death = 0; death < deaths; death++) {
    policy.died({ bornAt: now, readyAt: undefined }, now);
    all.push(Math.round(policy.notBefore - now));
    now = policy.notBefore;
  }
  return all;
}

describe("RestartPolicy", () => {
  it("starts at once when nothing ever died", () => {
    assert.equal(newPolicy().notBefore <= 0, true);
    assert.equal(newPolicy().failures(0), 0);
  });

  it("waits 0.1 s after a start that failed, doubling to 30 s", () => {
    assert.deepEqual(
      delays(newPolicy(), 11),
      [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
    );
  });

  it("spreads each delay by 20 % to both sides", () => {
    assert.deepEqual(delays(new RestartPolicy(() => 0), 2), [80, 160]);
    assert.deepEqual(delays(new RestartPolicy(() => 0.999999), 2), [120, 240]);
  });

  it("replaces at once after a good life", () => {
    const policy = newPolicy();
    policy.died({ bornAt: 0, readyAt: 10 }, 10_010);
    assert.ok(policy.notBefore <= 10_010);
    assert.equal(policy.failures(10_010), 0);
  });

  it("replaces at once the first that had served, and waits when the next dies soon again", () => {
    const policy = newPolicy();
    policy.died({ bornAt: 0, readyAt: 10 }, 500);
    assert.equal(policy.notBefore, 500);
    policy.died({ bornAt: 500, readyAt: 510 }, 900);
    assert.equal(policy.notBefore, 1100);
    assert.equal(policy.failures(900), 2);
  });

  it("waits no longer than it is told to after one that had served, however often", () => {
    const policy = new RestartPolicy(() => 0.5, 500);
    let now = 0;
    const all: number[] = [];
    for (let death = 0; death < 6; death++) {
      policy.died({ bornAt: now, readyAt: now + 1 }, now + 2);
      all.push(Math.round(policy.notBefore - now - 2));
      now = policy.notBefore;
    }
    assert.deepEqual(all, [0, 200, 400, 500, 500, 500]);
    policy.died({ bornAt: now, readyAt: undefined }, now);
    assert.equal(Math.round(policy.notBefore - now), 6400);
  });

  it("counts those once that were alive together", () => {
    const policy = newPolicy();
    for (let worker = 0; worker < 32; worker++) {
      policy.died({ bornAt: worker / 100, readyAt: undefined }, 100 + worker);
    }
    assert.equal(policy.failures(140), 1);
    assert.equal(policy.notBefore, 200);
  });

  it("forgives all after 10 s without a failure from when a start was allowed", () => {
    const policy = newPolicy();
    delays(policy, 10);
    const allowedAt = policy.notBefore;
    assert.equal(policy.failures(allowedAt + 9999), 10);
    assert.equal(policy.failures(allowedAt + 10_000), 0);
    policy.died({ bornAt: allowedAt + 10_000, readyAt: undefined }, allowedAt + 10_000);
    assert.equal(Math.round(policy.notBefore), Math.round(allowedAt + 10_100));
  });

  it("does not take a start that is long in failing for such a time", () => {
    const policy = newPolicy();
    delays(policy, 3);
    const bornAt = policy.notBefore + 5000;
    policy.died({ bornAt, readyAt: undefined }, bornAt + 60_000);
    assert.equal(policy.failures(bornAt + 60_000), 4);
    assert.equal(Math.round(policy.notBefore), Math.round(bornAt + 60_800));
  });
});
