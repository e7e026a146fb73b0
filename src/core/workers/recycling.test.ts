import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beginService, countServed, isTooOld, judgeMemory } from "./recycling.ts";
import type { RecyclingLimits } from "./recycling.ts";

const NONE: RecyclingLimits = {
  maxRequests: 0,
  maxRequestsJitter: 0,
  maxMemoryBytes: 0,
  maxAgeMs: 0,
};

/** After how many requests a worker is worn; undefined if not after 1000. */
function lastRequest(limits: Partial<RecyclingLimits>, random: number): number | undefined {
  const service = beginService({ ...NONE, ...limits }, random, 0);
  for (let count = 1; count <= 1000; count++) if (countServed(service)) return count;
  return undefined;
}

describe("the limit of requests", () => {
  it("is reached once, with the last request", () => {
    const service = beginService({ ...NONE, maxRequests: 3 }, 0.9, 0);
    const found = Array.from({ length: 6 }, () => countServed(service));
    assert.deepEqual(found, [false, false, true, false, false, false]);
  });

  it("is drawn from N to N + jitter for each worker", () => {
    const limits = { maxRequests: 100, maxRequestsJitter: 10 };
    assert.equal(lastRequest(limits, 0), 100);
    assert.equal(lastRequest(limits, 0.5), 105);
    assert.equal(lastRequest(limits, 0.999_999), 110);
  });

  it("of 0 is none, whatever the jitter", () => {
    assert.equal(lastRequest({ maxRequestsJitter: 5 }, 0.5), undefined);
  });
});

describe("the limit of age", () => {
  it("counts from readiness", () => {
    const limits = { ...NONE, maxAgeMs: 1000 };
    const service = beginService(limits, 0, 5000);
    assert.equal(isTooOld(service, limits, 5999), false);
    assert.equal(isTooOld(service, limits, 6000), true);
    assert.equal(isTooOld(service, NONE, 1e9), false);
  });
});

describe("the limit of memory", () => {
  const limits = { ...NONE, maxMemoryBytes: 300 };

  it("is reached by what a worker became", () => {
    const service = beginService(limits, 0, 0);
    service.newBytes = 100;
    const found = [100, 299, 300, 200].map((bytes) => judgeMemory(service, limits, bytes));
    assert.deepEqual(found, ["within", "within", "too-large", "within"]);
  });

  it("that a new worker does not meet replaces none: the next would be no better", () => {
    const service = beginService(limits, 0, 0);
    service.newBytes = 301;
    const found = [301, 900].map((bytes) => judgeMemory(service, limits, bytes));
    assert.deepEqual(found, ["limit-too-low", "limit-too-low"]);
  });

  it("that came when a worker had grown already is reached by it: what a new one takes is not known", () => {
    assert.equal(judgeMemory(beginService(limits, 0, 0), limits, 301), "too-large");
  });

  it("of 0 is none", () => {
    assert.equal(judgeMemory(beginService(NONE, 0, 0), NONE, 2 ** 40), "within");
  });
});
