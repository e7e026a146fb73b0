// The set of workers: messages and exits in, commands out. Owns what a report about a worker means and how all comes
// to its end; which generation serves is decided in succession.ts, how many workers there are in staffing.ts. Pure:
// `now` comes in milliseconds, the io side carries out the commands in their order.

import type { RegistryCommand, RegistryOptions } from "./commands.ts";
import { Numbers } from "./numbers.ts";
import { Roster } from "./roster.ts";
import { staff } from "./staffing.ts";
import { nextZygoteState } from "./state.ts";
import { Succession } from "./succession.ts";
import { describeExit, isStaffed, isUnasked, nameOf } from "./worker.ts";
import type { Generation, Worker } from "./worker.ts";

/** A worker that lost its channels in the midst of a request: its exit report is on its way, or it will never answer. */
const CHANNEL_GRACE_MS = 1000;
/** At the end: from the last SIGKILL to no longer waiting for reports. */
const REPORT_GRACE_MS = 1000;
/** While draining without a worker: how soon tick() is told again whether requests wait. */
const DRAIN_POLL_MS = 50;

export class Registry {
  readonly #options: RegistryOptions;
  readonly #roster: Roster;
  readonly #succession: Succession;
  #phase: "running" | "draining" | "finishing" | "forced" | "over" = "running";
  readonly #numbers: Numbers;
  /** Requests in the queue at the last tick. */
  #waiting = 0;
  /** When a start that back-off holds back is due. */
  #startAt = Infinity;
  #endBy = Infinity;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#numbers = new Numbers(options);
    this.#roster = new Roster(options);
    this.#succession = new Succession(this.#roster, options);
  }

  get least(): number {
    return this.#numbers.least;
  }

  get target(): number {
    return this.#numbers.target;
  }

  get most(): number {
    return this.#options.maxWorkers;
  }

  get ready(): number {
    return [...this.#roster.workers.values()].filter(({ state }) => state === "ready").length;
  }

  /** All that are not known to be gone. */
  get workers(): ReadonlyMap<number, Readonly<Worker>> {
    return this.#roster.workers;
  }

  /** The generations that have a zygote or a worker, oldest first. */
  get generations(): readonly Readonly<Generation>[] {
    return [...this.#roster.generations.values()];
  }

  /** At least one worker was ready once: an error of the application is no reason to end any more. */
  get hasServed(): boolean {
    return this.#succession.current !== undefined;
  }

  /** When tick() has to be called next; Infinity while nothing is timed. Ask again after every call. */
  get nextTickAt(): number {
    if (this.#phase === "over") return Infinity;
    let at = Math.min(this.#startAt, this.#endBy);
    for (const { deadline } of this.#roster.workers.values()) at = Math.min(at, deadline);
    for (const { deadline } of this.#roster.generations.values()) at = Math.min(at, deadline);
    return at;
  }

  /** Starts the first generation, with what was asked for before. */
  start(now: number): RegistryCommand[] {
    this.#succession.begin();
    return this.#settle(now);
  }

  zygoteLoaded(id: number, now: number): RegistryCommand[] {
    const generation = this.#roster.generations.get(id);
    if (generation !== undefined && generation.zygote !== "gone") {
      generation.zygote = nextZygoteState(generation.zygote, "loaded");
      if (generation.zygote === "loaded") generation.deadline = Infinity;
    }
    return this.#settle(now);
  }

  /** The application does not import; the zygote leaves. `error` is one line. */
  zygoteFailed(id: number, error: string, now: number): RegistryCommand[] {
    return this.#zygoteGone(id, `the application does not import: ${error}`, now);
  }

  /** The zygote has ended, asked or not. */
  zygoteLost(id: number, now: number): RegistryCommand[] {
    return this.#zygoteGone(id, "the zygote has ended", now);
  }

  forked(id: number, pid: number, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker !== undefined) worker.pid = pid;
    return this.#settle(now);
  }

  /** A HELLO with a good token came for this thread of this worker. */
  hello(id: number, thread: number, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker?.state !== "starting" || worker.threads.has(thread)) {
      this.#roster.say({ kind: "refuse", worker: id, thread });
      return this.#settle(now);
    }
    worker.threads.add(thread);
    worker.openChannels++;
    this.#roster.say({ kind: "admit", generation: worker.generation.id, worker: id, thread });
    if (worker.threads.size === this.#options.threads) {
      this.#succession.ready(worker, now);
      this.#numbers.serves(this.#succession.current);
    }
    return this.#settle(now);
  }

  /** The zygote has reaped it. */
  exited(id: number, status: number | null, signal: string | null, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker === undefined) return this.#settle(now);
    const wasUnasked = isUnasked(worker);
    this.#roster.remove(worker);
    if (wasUnasked) this.#succession.crashed(worker, describeExit(status, signal), status, now);
    return this.#settle(now);
  }

  /** An admitted channel of this worker has ended, whoever ended it. Not to be called for a refused one. */
  channelLost(id: number, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker === undefined) return this.#settle(now);
    worker.openChannels--;
    if (worker.isOrphan && worker.openChannels === 0) this.#orphanLeft(worker, now);
    else if (worker.openChannels === 0) this.#lastChannelLost(worker, now);
    // One of several threads has ended unasked. The others may finish what they hold.
    else if (isStaffed(worker)) this.#succession.leftInPart(worker, now);
    return this.#settle(now);
  }

  /** It broke the protocol or a limit, or its ledger is lost: it is ended at once, and another takes its place. */
  condemn(id: number, why: string, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker !== undefined && worker.state !== "killed") this.#killCrashed(worker, why, now);
    return this.#settle(now);
  }

  /**
   * A request time-out struck. With one thread it is ended at once. With more it is given nothing new and the other
   * threads may finish, until othersFinished() or the graceful time-out.
   */
  workerTimedOut(id: number, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker === undefined) return this.#settle(now);
    if (isStaffed(worker) && this.#options.threads > 1) this.#roster.letGo(worker, now);
    if (worker.state === "retiring" && this.#options.threads > 1) {
      worker.lapse = "abort";
      worker.deadline = Math.min(worker.deadline, now + this.#options.gracefulTimeoutMs);
    } else if (worker.state === "ready" || worker.state === "retiring")
      this.#roster.abort(worker, now);
    return this.#settle(now);
  }

  /** All threads of a worker that timed out, but those that hang, hold nothing any more. */
  othersFinished(id: number, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    if (worker?.state === "retiring" && worker.lapse === "abort") this.#roster.abort(worker, now);
    return this.#settle(now);
  }

  /** Replace this worker (requests served, age, memory) when its turn comes: it serves until the next one is ready. */
  recycle(id: number, now: number): RegistryCommand[] {
    const worker = this.#roster.workers.get(id);
    // One of several threads may have served enough before the last of them said HELLO.
    if (worker !== undefined && isStaffed(worker)) worker.isDue = true;
    return this.#settle(now);
  }

  /** Keep at least so many workers, within 1 and the maximum: those that there are change by as many. */
  scale(workers: number, now: number): RegistryCommand[] {
    this.#numbers.scale(workers);
    const { least, most } = this;
    this.#roster.note("info", `workers at least: ${least} (1 to ${most}, see --workers)`);
    return this.#settle(now);
  }

  /** So many for now, between the least and the maximum. */
  resize(workers: number, now: number): RegistryCommand[] {
    this.#numbers.resize(workers);
    return this.#settle(now);
  }

  /** The generation that serves, the one that has yet to prove itself, and why one was given up last. */
  get generationsInTurn(): {
    readonly serving: number | undefined;
    readonly candidate: number | undefined;
    readonly lastFailure: string;
  } {
    const { current, candidate, lastFailure } = this.#succession;
    return { serving: current?.id, candidate: candidate?.id, lastFailure };
  }

  /** A newer generation has yet to prove itself beside one that serves. */
  get isReloading(): boolean {
    return this.#succession.isReloading;
  }

  /** New code: a new generation beside the old. One that is still on its way is dropped, the latest wins. */
  reload(now: number): RegistryCommand[] {
    if (this.#phase === "running") this.#succession.reload(now);
    return this.#settle(now);
  }

  /** The end has begun, `since` this time: nothing is started any more, unless requests wait and no worker is left. */
  drain(now: number, since: number = now): RegistryCommand[] {
    this.#drain(since);
    return this.#settle(now);
  }

  /** Nothing waits any more: all workers finish what they hold and leave. */
  finish(now: number): RegistryCommand[] {
    this.#drain(now);
    if (this.#phase === "draining") this.#phase = "finishing";
    return this.#settle(now);
  }

  /** No grace any more: all is killed. */
  endAtOnce(now: number): RegistryCommand[] {
    this.#drain(now);
    if (this.#phase === "draining" || this.#phase === "finishing") this.#force(now);
    return this.#settle(now);
  }

  /** Up to now nobody was watched for so long, and perhaps nobody ran: that is given back, but for the end of all. To be told before tick(). */
  stoodStill(lateMs: number, now: number): void {
    this.#roster.giveBack(lateMs, now);
  }

  /** To be called at `nextTickAt`, with the number of requests that wait. */
  tick(now: number, waiting: number): RegistryCommand[] {
    if (this.#phase === "over") return [];
    this.#waiting = waiting;
    for (const worker of this.#roster.workers.values()) {
      if (now >= worker.deadline) this.#lapsed(worker, now);
    }
    for (const generation of this.#roster.generations.values()) {
      if (now >= generation.deadline) this.#succession.overdue(generation, now);
    }
    if (now >= this.#endBy) this.#force(now);
    return this.#settle(now);
  }

  #settle(now: number): RegistryCommand[] {
    if (this.#succession.isFatal) this.#phase = "over";
    this.#startAt = Infinity;
    if (this.#phase === "running") this.#startAt = this.#staff(now);
    else if (this.#phase === "draining") this.#startAt = this.#staffForTheRest(now);
    else if (this.#phase !== "over") this.#emptyOut(now);
    if (this.#phase !== "over") this.#succession.stopUnused(now);
    return this.#roster.takeCommands();
  }

  #staff(now: number): number {
    const zygoteAt = this.#succession.ensureZygote(now);
    const { current, candidate } = this.#succession;
    const { maxWorkers, maxReplacing, isBusy } = this.#options;
    const numbers = { ...this.#numbers.beside(candidate), maxWorkers, maxReplacing };
    return Math.min(zygoteAt, staff(this.#roster, { current, candidate, isBusy, ...numbers }, now));
  }

  #staffForTheRest(now: number): number {
    if (this.#isStaffed) return Infinity;
    if (this.#waiting > 0) this.#staff(now);
    return now + DRAIN_POLL_MS;
  }

  #emptyOut(now: number): void {
    const { workers, generations } = this.#roster;
    for (const worker of workers.values()) if (isStaffed(worker)) this.#roster.letGo(worker, now);
    if (workers.size > 0) return;
    for (const generation of generations.values()) this.#succession.stop(generation, now);
    if ([...generations.values()].every(({ zygote }) => zygote === "gone")) this.#over();
  }

  #over(): void {
    this.#phase = "over";
    this.#roster.say({ kind: "drained" });
  }

  #drain(now: number): void {
    if (this.#phase !== "running") return;
    this.#phase = "draining";
    this.#endBy = now + this.#options.gracefulTimeoutMs;
    this.#succession.dropCandidate();
  }

  /** The first time: kills all workers. The second time: no report came, so the zygotes are killed too and that is it. */
  #force(now: number): void {
    const { workers, generations } = this.#roster;
    if (this.#phase !== "forced") {
      this.#phase = "forced";
      this.#endBy = now + REPORT_GRACE_MS;
      for (const worker of workers.values())
        if (worker.state !== "killed") this.#roster.kill(worker);
      return;
    }
    for (const generation of generations.values()) this.#roster.stopZygote(generation, true, now);
    this.#over();
  }

  #lapsed(worker: Worker, now: number): void {
    switch (worker.lapse) {
      case "start-timeout":
        this.#killCrashed(worker, "did not get ready in time", now);
        this.#succession.workerOverdue(worker, now);
        return;
      case "channel-lost":
        this.#channelGraceOver(worker, now);
        return;
      case "abort":
        this.#roster.abort(worker, now);
        return;
      case "kill":
        if (worker.state === "retiring") {
          this.#roster.note("warning", `${nameOf(worker)} did not finish in time`);
        }
        this.#roster.kill(worker);
    }
  }

  #killCrashed(worker: Worker, how: string, now: number): void {
    const wasUnasked = isUnasked(worker);
    this.#roster.kill(worker);
    if (wasUnasked) this.#succession.crashed(worker, how, null, now);
  }

  #lastChannelLost(worker: Worker, now: number): void {
    if (worker.state === "killed" || worker.state === "aborting") return;
    // It runs what the application left for its end: threads, executors, atexit handlers.
    if (worker.state === "retiring") {
      worker.deadline = Math.min(worker.deadline, now + this.#options.gracefulTimeoutMs);
      return;
    }
    worker.lapse = "channel-lost";
    worker.deadline = Math.min(worker.deadline, now + CHANNEL_GRACE_MS);
    if (worker.state === "ready") this.#succession.left(worker, now);
  }

  /** It lives on: after a SIGTERM from somebody else it runs what was left for its end, as one that was asked to go. */
  #channelGraceOver(worker: Worker, now: number): void {
    const isOwing = this.#options.isBusy?.(worker.id) === true;
    // Nobody serves: there is no place for another.
    const isInTheWay = this.#phase === "running" && !this.#isStaffed;
    if (worker.state !== "retiring" || isOwing || isInTheWay) {
      this.#killCrashed(worker, "lost its channel", now);
      return;
    }
    worker.lapse = "kill";
    worker.deadline = now + Math.max(0, this.#options.gracefulTimeoutMs - CHANNEL_GRACE_MS);
  }

  get #isStaffed(): boolean {
    return [...this.#roster.workers.values()].some(isStaffed);
  }

  /** The end of its channels is all that is ever heard of it. */
  #orphanLeft(worker: Worker, now: number): void {
    const wasUnasked = isUnasked(worker);
    this.#roster.remove(worker);
    if (wasUnasked) this.#succession.crashed(worker, "left", null, now);
  }

  #zygoteGone(id: number, why: string, now: number): RegistryCommand[] {
    const generation = this.#roster.generations.get(id);
    if (generation !== undefined && generation.zygote !== "gone") {
      this.#succession.zygoteGone(generation, why, now);
    }
    return this.#settle(now);
  }
}
