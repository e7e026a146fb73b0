import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  affordableWorkers,
  Descriptors,
  limitAdvice,
  planDescriptors,
  reservedDescriptors,
} from "./descriptor-limit.ts";

describe("planDescriptors", () => {
  it("gives what is wanted where there are enough", () => {
    assert.deepEqual(planDescriptors(10_000, Infinity, 32), {
      maxConnections: 10_000,
      maxSpoolFiles: Infinity,
      maxAdminConnections: 48,
    });
    assert.equal(planDescriptors(10_000, 20_000, 32).maxConnections, 10_000);
  });

  it("never hands out more than there are, unless that would leave hardly any", () => {
    for (const limit of [70, 128, 256, 1024, 4096, 20_000]) {
      for (const channels of [1, 2, 4]) {
        const plan = planDescriptors(10_000, limit, channels);
        const { maxConnections, maxSpoolFiles, maxAdminConnections } = plan;
        const clients = maxConnections + maxSpoolFiles + 2 * maxAdminConnections;
        const all = clients + reservedDescriptors(channels);
        assert.ok(all <= limit, `${limit} for ${channels}: ${all}`);
        assert.ok(maxConnections >= 8 && maxSpoolFiles >= 2);
      }
    }
  });

  it("leaves a server that can be looked at", () => {
    assert.deepEqual(planDescriptors(10_000, 64, 32), {
      maxConnections: 8,
      maxSpoolFiles: 2,
      maxAdminConnections: 2,
    });
    assert.equal(planDescriptors(5, 64, 32).maxConnections, 5);
  });
});

describe("affordableWorkers", () => {
  it("keeps the range where there are enough descriptors", () => {
    assert.deepEqual(affordableWorkers({ workers: { min: 2, max: 16 }, threads: 1 }, Infinity), {
      min: 2,
      max: 16,
    });
    assert.deepEqual(affordableWorkers({ workers: { min: 2, max: 16 }, threads: 1 }, 256), {
      min: 2,
      max: 16,
    });
  });

  it("lowers the maximum where they would be missing for connections, never the minimum", () => {
    assert.deepEqual(affordableWorkers({ workers: { min: 2, max: 16 }, threads: 1 }, 64), {
      min: 2,
      max: 3,
    });
    assert.deepEqual(affordableWorkers({ workers: { min: 2, max: 16 }, threads: 4 }, 128), {
      min: 2,
      max: 2,
    });
    assert.deepEqual(affordableWorkers({ workers: { min: 8, max: 16 }, threads: 1 }, 64), {
      min: 8,
      max: 8,
    });
    assert.equal(planDescriptors(10_000, 64, 3).maxConnections, 10);
  });
});

describe("limitAdvice", () => {
  it("is silent where all fit", () => {
    assert.equal(limitAdvice(10_000, 20_000, 32), undefined);
    assert.equal(limitAdvice(10_000, Infinity, 32), undefined);
    assert.equal(limitAdvice(10, 64, 2), undefined);
  });

  it("names the limit, and one that would do", () => {
    const advice = limitAdvice(10_000, 64, 2) ?? "";
    assert.match(advice, /^at most 12 connections at once: this process may have 64 open files; /);
    const needed = Number(/ulimit -Hn (\d+)$/.exec(advice)?.[1]);
    assert.equal(limitAdvice(10_000, needed, 2), undefined);
    assert.notEqual(limitAdvice(10_000, needed - 2, 2), undefined);
  });
});

describe("the descriptors of a server that runs", () => {
  it("are planned anew for more workers, and not for fewer", () => {
    const config = { maxConnections: 1000, workers: { min: 1, max: 1 }, threads: 1 };
    const descriptors = new Descriptors(config, 512);
    const before = descriptors.plan;
    config.workers = { min: 1, max: 40 };
    const said: string[] = [];
    const log = { warning: (text: string) => void said.push(text) };
    descriptors.replan(log);
    assert.deepEqual(said, [descriptors.advice]);
    assert.deepEqual(descriptors.plan, planDescriptors(1000, 512, 40));
    assert.ok(descriptors.plan.maxConnections < before.maxConnections);
    config.workers = { min: 1, max: 1 };
    descriptors.replan(log);
    assert.equal(said.length, 1);
    assert.deepEqual(descriptors.plan, planDescriptors(1000, 512, 40));
  });

  it("are not worth a word where there are enough", () => {
    const config = { maxConnections: 1000, workers: { min: 1, max: 1 }, threads: 1 };
    const descriptors = new Descriptors(config, 20_000);
    config.workers = { min: 1, max: 40 };
    descriptors.replan({ warning: assert.fail });
    assert.equal(descriptors.plan.maxConnections, 1000);
  });
});
