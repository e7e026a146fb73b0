// One simulated world: what arrives, what goes wrong and when, how it ends, and what must be true of it all.

import assert from "node:assert/strict";
import { Clock } from "./clock.ts";
import { Front } from "./front-model.ts";
import type { FrontOptions } from "./front-options.ts";
import { SimulatedRequest } from "./worker-model.ts";
import type { Plan } from "./worker-model.ts";
import type { Trouble } from "./zygote-model.ts";

/** Simulated time in which all must be over. */
const PATIENCE_MS = 120_000;
const ROUTES = 8;
/** From this one on every run is slow: the lane of slow routes. */
const SLOW_ROUTES = 7;

export interface Seen {
  answered: number;
  stuck: number;
  withdrawals: number;
  outboxes: number;
  repeats: number;
  drains: number;
  gaveUp: number;
  hangUps: number;
  reloads: number;
  resizings: number;
  /** Workers that were told to leave from outside. */
  departures: number;
  /** Requests that were handed over newest first. */
  overloads: number;
  deathsInWithdrawal: number;
  /** Moments at which slow requests waited beside an idle channel. */
  held: number;
}

export class World {
  readonly #clock: Clock;
  readonly #options: FrontOptions;
  readonly #trouble: Trouble;
  readonly #isRough: boolean;
  readonly #front: Front;
  readonly #refused: SimulatedRequest[] = [];
  #isDraining = false;
  #isDrainedUnderLoad = false;
  /** Nothing in this world may have more workers than the maximum: nobody moves the minimum there, nobody is recycled. */
  readonly #isStrict: boolean;
  /** More arrives, for a longer time, than the workers can do. */
  readonly #isOverloaded: boolean;
  #hangUps = 0;
  #reloads = 0;
  #resizings = 0;
  #departures = 0;

  constructor(seed: number) {
    const clock = new Clock(seed);
    this.#clock = clock;
    const isRough = clock.chance(0.5);
    this.#trouble = {
      loadFails: 0,
      workerFailsToStart: isRough ? 0.1 : 0,
      workerIsSlowToStart: 0,
    };
    this.#isRough = isRough;
    const minWorkers = clock.integer(1, 3);
    const maxWorkers = minWorkers + clock.integer(0, 4);
    const threads = clock.chance(0.3) ? clock.integer(2, 3) : 1;
    this.#isStrict = maxWorkers > minWorkers && clock.chance(0.5);
    this.#isOverloaded = clock.chance(0.08);
    this.#options = {
      dispatch: {
        maxWaiting: clock.integer(5, 100),
        queueTimeoutMs: clock.integer(200, 3000),
        requestTimeoutMs: clock.chance(0.9) ? clock.integer(150, 400) : 0,
        requestTotalTimeoutMs: 0,
        processors: clock.integer(0, 3),
      },
      registry: {
        minWorkers,
        maxWorkers,
        maxReplacing: 1 + clock.integer(0, 1),
        threads,
        startTimeoutMs: 300,
        gracefulTimeoutMs: clock.integer(300, 800),
        random: clock.random,
      },
      trouble: this.#trouble,
      mayExceedMaximum: !this.#isStrict,
      isMemoryLegible: clock.chance(0.7),
    };
    this.#front = new Front(clock, this.#options);
  }

  run(): void {
    const clock = this.#clock;
    this.#front.act((now) => this.#front.registry.start(now));
    const loadMs = this.#isOverloaded ? clock.between(1200, 2000) : clock.between(50, 600);
    this.#arrivals(loadMs);
    if (this.#isOverloaded) this.#flood(loadMs);
    this.#troubles(loadMs);
    this.#advance(() => false, clock.now + loadMs);
    assert.equal(this.#front.fatal, undefined);
    this.#trouble.workerFailsToStart = 0;
    this.#trouble.workerIsSlowToStart = 0;
    this.#trouble.loadFails = 0;
    if (!this.#isDraining) {
      this.#until("every request ends", () =>
        this.#requests.every(({ outcome }) => outcome !== undefined),
      );
      this.#until("the workers are back at their number", () => this.#isStaffed);
    }
    this.#end();
    this.#judge();
  }

  addTo(seen: Seen): void {
    for (const { outcome, starts } of this.#requests) {
      if (outcome === "answered") seen.answered++;
      else seen.gaveUp++;
      if (starts > 1) seen.repeats++;
    }
    seen.hangUps += this.#hangUps;
    seen.reloads += this.#reloads;
    seen.resizings += this.#resizings;
    seen.departures += this.#departures;
    seen.overloads += this.#front.overloadCount;
    seen.deathsInWithdrawal += this.#front.deathsInWithdrawal;
    seen.held += this.#front.heldCount;
    seen.stuck += this.#front.stuckCount;
    seen.withdrawals += this.#front.withdrawCount;
    for (const { outboxCount } of this.#front.zygotes.values()) seen.outboxes += outboxCount;
    if (this.#isDrainedUnderLoad) seen.drains++;
  }

  get #requests(): SimulatedRequest[] {
    return this.#front.requests;
  }

  get #isStaffed(): boolean {
    const { registry, dispatcher } = this.#front;
    const workers = [...registry.workers.values()];
    const isSteady = workers.every(({ state, isOrphan }) => state === "ready" && !isOrphan);
    const threads = registry.target * this.#options.registry.threads;
    const zygotes = [...this.#front.zygotes.values()].filter(({ isAlive }) => isAlive);
    if (zygotes.length !== 1) return false;
    return isSteady && workers.length === registry.target && dispatcher.channels.length === threads;
  }

  #arrivals(loadMs: number): void {
    const clock = this.#clock;
    const bursts = clock.integer(2, 10);
    for (let burst = 0; burst < bursts; burst++) {
      clock.after(clock.between(0, loadMs * 0.8), () => {
        const count = clock.chance(0.3) ? clock.integer(20, 60) : clock.integer(1, 15);
        const gapMs = clock.chance(0.5) ? 0 : clock.between(0, 3);
        for (let index = 0; index < count; index++) {
          clock.after(index * gapMs, () => {
            this.#submit();
          });
        }
      });
    }
  }

  #flood(loadMs: number): void {
    const clock = this.#clock;
    for (let count = 300; count > 0; count--) {
      clock.after(clock.between(0, loadMs), () => {
        this.#submit(SLOW_ROUTES - clock.integer(0, 1));
      });
    }
  }

  #submit(wantedRoute?: number): void {
    if (this.#isDraining) return;
    const clock = this.#clock;
    const route = wantedRoute ?? clock.integer(1, ROUTES);
    const request = new SimulatedRequest({
      route,
      isSafe: clock.chance(0.5),
      frameBytes: clock.chance(0.05) ? 200_000 : clock.integer(200, 2000),
      plan: this.#plan(route),
    });
    request.submittedAt = clock.now;
    this.#front.act((now) => {
      this.#requests.push(request);
      if (this.#front.dispatcher.submit(request, now)) return;
      this.#requests.pop();
      this.#refused.push(request);
    });
    if (!clock.chance(0.08)) return;
    clock.after(clock.between(0, 60), () => {
      if (request.outcome !== undefined) return;
      this.#front.act((now) => {
        this.#hangUps++;
        if (this.#front.dispatcher.cancel(request, now)) request.outcome = "cancelled";
      });
    });
  }

  #plan(route: number): Plan {
    const clock = this.#clock;
    const closeMs = clock.chance(0.2) ? clock.between(0, clock.chance(0.3) ? 150 : 3) : 0;
    const isDeadly = clock.chance(0.02);
    const mayHang = this.#options.dispatch.requestTimeoutMs > 0;
    if (mayHang && clock.chance(0.02)) return { pieceMs: [Infinity], closeMs, isDeadly: false };
    if (mayHang && clock.chance(0.01))
      return { pieceMs: [0.1, Infinity], closeMs, isDeadly: false };
    if (route >= SLOW_ROUTES) return { pieceMs: [clock.between(8, 80)], closeMs, isDeadly };
    // Some routes are slow now and then, which is what estimates get wrong.
    if (clock.chance(route / 40)) return { pieceMs: [clock.between(2, 120)], closeMs, isDeadly };
    if (clock.chance(0.05)) return { pieceMs: [1, 5, 5], closeMs, isDeadly };
    return { pieceMs: [clock.between(0.01, 0.3)], closeMs, isDeadly };
  }

  #troubles(loadMs: number): void {
    const clock = this.#clock;
    const front = this.#front;
    const sometimes = (count: number, what: () => void): void => {
      for (let index = clock.integer(0, count); index > 0; index--) {
        clock.after(clock.between(0, loadMs), what);
      }
    };
    clock.after(loadMs * 0.2, () => {
      // An application that never comes up is the end of the server, and of the world.
      if (this.#isRough && front.registry.hasServed) this.#trouble.workerIsSlowToStart = 0.05;
    });
    sometimes(3, () => {
      const alive = front.processes.filter(({ isAlive }) => isAlive);
      alive[clock.integer(0, alive.length - 1)]?.die(null, "SIGSEGV");
    });
    sometimes(3, () => {
      const { process } = front.lines[clock.integer(0, front.lines.length - 1)] ?? {};
      if (process?.isAlive !== true) return;
      this.#departures++;
      process.leave();
    });
    sometimes(3, () => {
      const line = front.lines[clock.integer(0, front.lines.length - 1)];
      if (line === undefined || line.channel.isPaused) return;
      front.pause(line, true);
      clock.after(clock.between(1, clock.chance(0.3) ? 900 : 50), () => {
        front.pause(line, false);
      });
    });
    sometimes(2, () => {
      if (this.#isStrict) return;
      front.act((now) => front.registry.scale(clock.integer(1, 5), now));
    });
    sometimes(5, () => {
      this.#resizings++;
      const { least, most } = front.registry;
      front.act((now) => front.registry.resize(clock.integer(least, most), now));
    });
    sometimes(2, () => {
      if (!front.registry.hasServed) return;
      this.#trouble.loadFails = clock.chance(0.3) ? 1 : 0;
      this.#reloads++;
      front.act((now) => front.registry.reload(now));
    });
    sometimes(1, () => {
      if (this.#isStrict) return;
      const ready = [...front.registry.workers.values()].find(({ state }) => state === "ready");
      if (ready !== undefined) front.act((now) => front.registry.recycle(ready.id, now));
    });
    if (clock.chance(0.2)) {
      sometimes(1, () => {
        if (!front.registry.hasServed) return;
        const alive = [...front.zygotes.values()].filter(({ isAlive }) => isAlive);
        alive[clock.integer(0, alive.length - 1)]?.die();
      });
    }
    if (clock.chance(0.15)) {
      this.#isDrainedUnderLoad = true;
      clock.after(clock.between(0, loadMs), () => {
        this.#drain();
      });
    }
  }

  #drain(): void {
    this.#isDraining = true;
    this.#front.act((now) => this.#front.registry.drain(now));
    this.#finishWhenEmpty();
  }

  /** As the server does: once nothing waits and nothing runs, the workers may go. */
  #finishWhenEmpty(): void {
    const { dispatcher, registry } = this.#front;
    if (dispatcher.waiting + dispatcher.inHand === 0) {
      this.#front.act((now) => registry.finish(now));
    } else if (!this.#front.isDrained) {
      this.#clock.after(5, () => {
        this.#finishWhenEmpty();
      });
    }
  }

  #end(): void {
    const beganAt = this.#clock.now;
    if (!this.#isDraining) this.#drain();
    this.#until("the server ends", () => this.#front.isDrained);
    const { gracefulTimeoutMs } = this.#options.registry;
    assert.ok(this.#clock.now - beganAt <= gracefulTimeoutMs + 1100, "the end took too long");
    // Signals that are on their way arrive; a worker that nobody knew says HELLO and is refused.
    this.#advance(() => false, this.#clock.now + 200);
  }

  #judge(): void {
    assert.equal(this.#front.dispatcher.waiting, 0);
    assert.equal(this.#front.dispatcher.inHand, 0);
    for (const request of this.#requests) {
      assert.notEqual(request.outcome, undefined, "a request never ended");
      assert.ok(request.starts <= 2, "a request was started three times");
      if (request.starts === 2) {
        assert.equal(request.isSafe, true, "an unsafe request was started twice");
        // Without a zygote nobody can read the outbox.
        const isRunLost = request.lostRuns >= 1 || this.#front.isBlind;
        assert.ok(isRunLost, "a request was started twice though its run did not die");
      }
      if (request.outcome === "answered") assert.ok(request.starts > 0);
    }
    for (const request of this.#refused) assert.equal(request.starts, 0, "a refused request ran");
    const alive = this.#front.processes.filter(({ isAlive }) => isAlive);
    assert.equal(alive.length, 0, "a worker is left");
    const zygotes = [...this.#front.zygotes.values()].filter(({ isAlive }) => isAlive);
    assert.equal(zygotes.length, 0, "a zygote is left");
  }

  #until(what: string, isDone: () => boolean): void {
    this.#advance(isDone, this.#clock.now + PATIENCE_MS);
    assert.ok(isDone(), `did not happen: ${what}; ${this.#state()}`);
  }

  /** For the message of a failure. */
  #state(): string {
    const { registry, dispatcher } = this.#front;
    const workers = [...registry.workers.values()].map(
      ({ id, state, generation }) => `${id} (generation ${generation.id}) is ${state}`,
    );
    const open = this.#requests.filter(({ outcome }) => outcome === undefined);
    const requests = open.map(
      ({ place, number, channel }) => `${place} ${number} ${JSON.stringify(channel ?? null)}`,
    );
    return JSON.stringify(
      { now: this.#clock.now, nextTickAt: dispatcher.nextTickAt, workers, requests },
      null,
      1,
    );
  }

  #advance(isDone: () => boolean, until: number): void {
    while (!isDone() && this.#clock.step(until));
    if (!isDone()) this.#clock.now = Math.max(this.#clock.now, until);
  }
}
