// Brings the facts to the policies of growth and of retrenchment and carries out what they decide. Owns their timers: none runs while
// nothing waits and the number of workers is the least. Knows processes and the dispatcher's figures; decides nothing.

import { performance } from "node:perf_hooks";
import type { Channel } from "../../core/dispatch/channel.ts";
import type { Exchange } from "../../core/http/exchange.ts";
import { Elasticity, SLOW_RUN_MS, type WorkforceUse } from "../../core/workers/elasticity.ts";
import { Retrenchment } from "../../core/workers/retrenchment.ts";
import type { Log } from "../log.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import { UseWatch } from "./use-watch.ts";

/** What the dispatcher tells of the queue and of the workers' hands. */
export interface Load {
  readonly waiting: number;
  readonly channels: readonly Channel<Exchange>[];
  oldestAgeMs(now: number): number;
  /** The fewest idle channels since the last call. */
  takeLeastIdle(): number;
}

/** What is asked of the workers, and done to them. */
export interface ElasticWorkforce {
  readonly records: ReadonlyMap<
    number,
    { readonly worker: number; readonly pid: number | undefined }
  >;
  readonly registry: {
    readonly target: number;
    readonly least: number;
    readonly most: number;
    readonly ready: number;
  };
  resize(target: number, now: number): void;
  scale(by: number, now: number): void;
}

export interface ElasticOptions {
  readonly workers: { readonly min: number; readonly max: number };
  readonly threads: number;
  readonly workerIdleTimeoutMs: number;
}

export interface ElasticSurroundings {
  readonly config: ElasticOptions;
  readonly log: Pick<Log, "info">;
  /** Undefined: sockets are Node's own. */
  readonly poller?: Pick<SocketPoller, "atEndOfTurn"> | undefined;
}

/** A request that waits for less than this is in a queue that moves. */
const WAITED_MS = 10;
/** Between two looks: at first, and once an episode is older than a second. */
const FIRST_LOOKS_MS = 15;
const LATER_LOOKS_MS = 100;
const FIRST_EPISODE_MS = 1000;
/** From this run time on a request holds its worker; such requests may hold this share of all workers (lanes.ts). */
const HELD_MS = 1000;
const HELD_SHARE = 0.75;
/** So many lines about the number of workers in so long a time. */
const LINES = 6;
const LINES_MS = 10_000;
const NO_USE: WorkforceUse = { cores: 1, computing: 0, stalled: 0 };

export class ElasticWorkers {
  readonly #options: ElasticOptions;
  readonly #load: Load;
  readonly #workforce: ElasticWorkforce;
  readonly #log: Pick<Log, "info">;
  /** Calls a function once what has come was read. */
  readonly #afterReading: (run: () => void) => void;
  #growth = new Elasticity();
  #retrenchment: Retrenchment;
  readonly #use: UseWatch;
  #endedQuick = 0;
  #endedSlow = 0;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #episodeAt = 0;
  #isElastic: boolean;
  #isStopped = false;
  #linesUntil = 0;
  #lines = 0;
  /** Where the next line has to begin, if one was left out. */
  #untoldFrom: number | undefined;

  constructor(
    load: Load,
    workforce: ElasticWorkforce,
    { config, log, poller }: ElasticSurroundings,
  ) {
    this.#options = config;
    this.#load = load;
    this.#workforce = workforce;
    this.#log = log;
    this.#afterReading = poller?.atEndOfTurn ?? setImmediate;
    // A fixed number stays fixed, also when a signal has changed it.
    this.#isElastic = config.workers.min < config.workers.max;
    this.#retrenchment = new Retrenchment(config.workerIdleTimeoutMs);
    this.#use = new UseWatch(config.threads);
  }

  /** A request could not be handed over at once. Cheap: called for each that waits. */
  waited(): void {
    if (this.#timer !== undefined || !this.#isElastic) return;
    this.#episodeAt = performance.now();
    this.#lookAgain(FIRST_LOOKS_MS);
  }

  /** A request has ended, answered by its worker. */
  count(runMs: number): void {
    if (runMs >= SLOW_RUN_MS) this.#endedSlow++;
    else this.#endedQuick++;
  }

  /** The numbers of the configuration have changed, and all workers are new: what was learned is over. */
  restart(): void {
    if (this.#isStopped) return; // The reload was overtaken by the end of the server.
    this.#forgetTimers();
    const { workers, workerIdleTimeoutMs } = this.#options;
    this.#isElastic = workers.min < workers.max;
    this.#growth = new Elasticity();
    this.#retrenchment = new Retrenchment(workerIdleTimeoutMs);
    const { least } = this.#workforce.registry;
    this.#workforce.scale(workers.min - least, performance.now());
    this.#watchIdleness(); // They may have grown before.
  }

  /** For good: the server is about to end. */
  stop(): void {
    this.#isStopped = true;
    this.#isElastic = false;
    this.#forgetTimers();
  }

  #forgetTimers(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#idleTimer);
  }

  #lookAgain(ms: number): void {
    const timer = setTimeout(() => {
      if (this.#load.waiting > 0 && this.#canGrow) this.#use.ask(this.#workforce.records.values());
      // Node runs what is due before it reads: a front that was late would take requests that were answered long ago for slow ones.
      // Between here and there it reads all that has come.
      this.#afterReading(() => {
        if (this.#timer !== timer) return; // Stopped meanwhile.
        this.#timer = undefined;
        this.#look(performance.now());
      });
    }, ms);
    this.#timer = timer;
  }

  get #canGrow(): boolean {
    const { target, most } = this.#workforce.registry;
    return target < most;
  }

  #look(now: number): void {
    const { waiting } = this.#load;
    const { target, most, ready } = this.#workforce.registry;
    if (waiting === 0) {
      this.#growth.rest(target);
      this.#use.rest();
      return;
    }
    this.#lookAgain(now - this.#episodeAt < FIRST_EPISODE_MS ? FIRST_LOOKS_MS : LATER_LOOKS_MS);
    const use = this.#canGrow ? this.#use.take(this.#load.channels, now) : NO_USE;
    if (use === undefined || this.#load.oldestAgeMs(now) < WAITED_MS) return;
    const resizing = this.#growth.review({
      now,
      waiting,
      most,
      target,
      ready,
      endedQuick: this.#endedQuick,
      endedSlow: this.#endedSlow,
      runningSlow: this.#countRunning(SLOW_RUN_MS, now),
      use,
    });
    if (resizing === undefined) return;
    // Whom a request holds for long shows nothing of what a worker is worth, and serves nobody else: the others stay.
    const held = Math.ceil(this.#countRunning(HELD_MS, now) / this.#options.threads / HELD_SHARE);
    const next = Math.max(resizing.target, Math.min(target, held));
    if (next !== target) this.#resize(next, resizing.why, now);
  }

  #resize(target: number, why: string, now: number): void {
    if (target > this.#workforce.registry.target) this.#episodeAt = now;
    const from = this.#workforce.registry.target;
    this.#workforce.resize(target, now);
    this.#say(from, why, now);
    this.#watchIdleness();
  }

  /** Requests that have run for so long. */
  #countRunning(ms: number, now: number): number {
    let count = 0;
    for (const { running, isPaused } of this.#load.channels) {
      if (running !== undefined && !isPaused && now - running.startedAt >= ms) count++;
    }
    return count;
  }

  #watchIdleness(): void {
    const { target, least } = this.#workforce.registry;
    const now = performance.now();
    this.#retrenchment.resized(target, least, now);
    this.#load.takeLeastIdle();
    this.#awaitIdleness(now);
  }

  #awaitIdleness(now: number): void {
    clearTimeout(this.#idleTimer);
    const { dueAt } = this.#retrenchment;
    if (dueAt === Infinity || !this.#isElastic) return;
    this.#idleTimer = setTimeout(() => {
      this.#retrench(performance.now());
    }, dueAt - now);
  }

  #retrench(now: number): void {
    const { target, least } = this.#workforce.registry;
    const leastIdle = Math.floor(this.#load.takeLeastIdle() / this.#options.threads);
    const next = this.#retrenchment.review({ now, target, least, leastIdle });
    if (next !== target) {
      this.#workforce.resize(next, now);
      this.#say(target, "it was idle", now);
    }
    this.#awaitIdleness(now);
  }

  /** A line that is left out is made up for by the next: it starts from the number that was told last. */
  #say(wasTarget: number, why: string, now: number): void {
    const from = this.#untoldFrom ?? wasTarget;
    if (now >= this.#linesUntil) {
      this.#linesUntil = now + LINES_MS;
      this.#lines = 0;
    }
    const { target, least, most } = this.#workforce.registry;
    // The last one down is always told: nothing may follow for long.
    if (++this.#lines > LINES && target > least) {
      this.#untoldFrom = from;
      return;
    }
    this.#log.info(`workers: ${from} to ${target} (at most ${most}): ${why}`);
    this.#untoldFrom = undefined;
  }
}
