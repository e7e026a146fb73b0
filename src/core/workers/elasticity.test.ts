import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Elasticity } from "./elasticity.ts";
import type { WorkforceFacts } from "./elasticity.ts";

/** What a number of workers does per second, while requests wait. */
interface Behaviour {
  readonly quick?: (workers: number) => number;
  readonly slow?: (workers: number) => number;
  readonly computing?: (workers: number) => number;
  readonly stalled?: (workers: number) => number;
  readonly waiting?: (workers: number, now: number) => number;
}

/** Workers of a kind of application, looked at every 15 ms; new ones are ready at the next look but one. */
class Simulated {
  readonly policy = new Elasticity();
  readonly most: number;
  now = 0;
  target: number;
  readonly resizings: string[] = [];
  #ready: number;
  #quick = 0;
  #slow = 0;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour, least = 2, most = 16) {
    this.#behaviour = behaviour;
    this.target = least;
    this.#ready = least;
    this.most = most;
  }

  run(ms: number): number {
    const until = this.now + ms;
    while (this.now < until) this.#look();
    return this.target;
  }

  /** Somebody else wants so many workers. */
  set(target: number): void {
    this.target = target;
    this.#ready = target;
  }

  #look(): void {
    const { quick, slow, computing, stalled, waiting } = this.#behaviour;
    this.now += 15;
    const workers = this.#ready;
    this.#quick += ((quick?.(workers) ?? 0) * 15) / 1000;
    this.#slow += ((slow?.(workers) ?? 0) * 15) / 1000;
    const facts: WorkforceFacts = {
      now: this.now,
      waiting: waiting?.(workers, this.now) ?? 200,
      most: this.most,
      target: this.target,
      ready: workers,
      endedQuick: Math.floor(this.#quick),
      endedSlow: Math.floor(this.#slow),
      runningSlow: slow === undefined ? 0 : workers,
      use: {
        cores: 2,
        computing: computing?.(workers) ?? 0,
        stalled: stalled?.(workers) ?? workers,
      },
    };
    this.#ready = this.target;
    const resizing = this.policy.review(facts);
    if (resizing === undefined) return;
    this.resizings.push(`${this.target}-${resizing.target}`);
    this.target = resizing.target;
  }
}

describe("growth", () => {
  it("is quick when requests wait for workers that sleep: two steps to the maximum", () => {
    const sleeping = new Simulated({ slow: (workers) => workers * 10 });
    assert.equal(sleeping.run(15), 8);
    assert.equal(sleeping.run(200), 16);
    assert.deepEqual(sleeping.resizings, ["2-8", "8-16"]);
    assert.equal(sleeping.run(20_000), 16);
  });

  it("gives no more workers than requests that wait", () => {
    assert.equal(new Simulated({ slow: () => 20, waiting: () => 3 }).run(15), 5);
    assert.equal(new Simulated({ slow: () => 20, waiting: () => 0 }).run(1000), 2);
  });

  it("does not happen while the workers compute", () => {
    const computing = new Simulated({
      quick: () => 2000,
      computing: () => 1.9,
      stalled: () => 0.1,
    });
    assert.equal(computing.run(30_000), 2);
  });

  it("does not happen when the processors are taken, though some workers wait", () => {
    const both = new Simulated({
      quick: (workers) => workers * 100,
      computing: (workers) => Math.min(2, workers * 0.25),
      stalled: (workers) => workers * 0.5,
    });
    assert.equal(both.run(5000), 8);
  });

  it("does not happen when workers stand idle because the front is slow", () => {
    assert.equal(new Simulated({ quick: () => 30_000, stalled: () => 0 }).run(5000), 2);
  });

  it("goes on by one kind of requests while the other keeps its throughput", () => {
    const mixed = new Simulated({
      quick: () => 5000,
      slow: (workers) => workers * 7,
      computing: () => 1,
      stalled: (workers) => workers * 0.75,
    });
    assert.equal(mixed.run(5000), 16);
  });

  it("waits for workers that are on their way", () => {
    const policy = new Elasticity();
    const facts = { now: 0, waiting: 50, most: 16, target: 4, ready: 3, runningSlow: 3 };
    const ended = { endedQuick: 0, endedSlow: 0 };
    const use = { cores: 2, computing: 0, stalled: 3 };
    policy.rest(4);
    for (let now = 0; now < 5000; now += 15) {
      assert.equal(policy.review({ ...facts, ...ended, now, use }), undefined);
    }
    assert.equal(policy.review({ ...facts, ...ended, now: 5000, use, ready: 4 })?.target, 8);
  });
});

describe("growth that does not raise the throughput", () => {
  it("is taken back down to where it began on credit", () => {
    const database = new Simulated({ slow: () => 50 });
    database.run(4500);
    assert.deepEqual(database.resizings, ["2-8", "8-16", "16-2"]);
  });

  it("is tried again later and later", () => {
    const database = new Simulated({ slow: () => 50 });
    database.run(600_000);
    assert.equal(database.target, 2);
    const tries = database.resizings.filter((resizing) => resizing === "2-4").length;
    assert.ok(tries >= 4 && tries <= 8, `${tries} tries: ${database.resizings.join(" ")}`);
  });

  it("goes back only to what was worth its workers", () => {
    // Eight connections to the database, say.
    const pool = new Simulated({ slow: (workers) => Math.min(workers, 8) * 10 });
    pool.run(4000);
    assert.equal(pool.target, 8);
    assert.deepEqual(pool.resizings, ["2-8", "8-16", "16-2", "2-8"]);
    const others = new Set(pool.resizings.slice(4));
    pool.run(100_000);
    for (const resizing of others) assert.ok(["8-16", "16-8"].includes(resizing), resizing);
    assert.equal(pool.target, 8);
  });

  it("is noticed when requests become slower by it, from quick to slow", () => {
    const database = new Simulated({
      quick: (workers) => (workers <= 2 ? 250 : 0),
      slow: (workers) => (workers <= 2 ? 0 : 250),
    });
    database.run(4000);
    assert.equal(database.target, 2);
  });

  it("has to wait also when nothing waited in between", () => {
    const database = new Simulated({ slow: () => 50 });
    database.run(2500);
    assert.equal(database.target, 2);
    const before = database.resizings.length;
    database.policy.rest(2);
    database.run(2000);
    assert.equal(database.resizings.length, before);
    database.run(6000);
    assert.ok(database.resizings.length > before);
  });
});

describe("a number that somebody else has set", () => {
  it("need not prove anything", () => {
    const database = new Simulated({ slow: () => 50 });
    database.run(4500);
    database.set(5);
    database.run(3000);
    assert.equal(database.target, 5);
  });
});
