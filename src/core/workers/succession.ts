// Which generation serves. `current` is the newest of which a worker was ever ready: it is kept at the target number.
// `candidate` is a newer one that has yet to prove itself: the first start, a reload, or the successor of a lost
// zygote. Older ones serve until the current one can, worker for worker, and their zygote is stopped with the last.

import type { RegistryOptions } from "./commands.ts";
import { RestartPolicy } from "./restart-policy.ts";
import type { Roster } from "./roster.ts";
import { nextWorkerState, nextZygoteState } from "./state.ts";
import { nameOf } from "./worker.ts";
import type { Generation, Worker } from "./worker.ts";

/** A reload is off when its workers died so often before one was ready. */
const CANDIDATE_FAILURES = 3;
/** A worker that could not import the application (docs/protocol.md section 2). */
const IMPORT_ERROR_STATUS = 3;
const OVERDUE = "the application did not load in time";

export class Succession {
  current: Generation | undefined;
  candidate: Generation | undefined;
  /** The application never came up. */
  isFatal = false;
  /** Why a candidate was given up, last time. */
  lastFailure = "";
  readonly #roster: Roster;
  readonly #zygotePolicy: RestartPolicy;
  readonly #survivesFailedStart: boolean;
  /** Before, no zygote may start: the server has yet to become the user whose application this is, and to listen for workers. */
  #hasBegun = false;
  /** The application did not come up: nothing is tried again before reload(). */
  #awaitsReload = false;

  constructor(roster: Roster, options: RegistryOptions) {
    this.#roster = roster;
    this.#zygotePolicy = new RestartPolicy(options.random);
    this.#survivesFailedStart = options.survivesFailedStart ?? false;
  }

  /** From now on zygotes may start. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** Without a zygote that can fork, and none on its way, starts one. Returns when that is due, if back-off delays it. */
  ensureZygote(now: number): number {
    const canFork = this.current !== undefined && this.current.zygote !== "gone";
    if (canFork || this.candidate !== undefined || this.#awaitsReload) return Infinity;
    if (!this.#hasBegun) return Infinity;
    if (now < this.#zygotePolicy.notBefore) return this.#zygotePolicy.notBefore;
    this.candidate = this.#roster.startZygote(now);
    return Infinity;
  }

  get isReloading(): boolean {
    return this.candidate !== undefined && this.current !== undefined;
  }

  /**
   * A new generation beside the current one. A candidate that is still on its way is dropped: the latest wins. Before begin() there is
   * nothing to do: nobody has looked at the code yet.
   */
  reload(now: number): void {
    if (!this.#hasBegun) {
      this.#roster.note("info", "reload: the server has yet to start, which loads the new code");
      return;
    }
    this.#awaitsReload = false;
    this.candidate = this.#roster.startZygote(now);
    this.#roster.note("info", `reload: generation ${this.candidate.id} starts`);
  }

  /** A graceful end needs no new code, if the old can serve. */
  dropCandidate(): void {
    if (this.current === undefined || this.current.zygote === "gone") return;
    if (this.candidate !== undefined) this.lastFailure = "the server is about to end";
    this.candidate = undefined;
  }

  /** All threads of this worker said HELLO. */
  ready(worker: Worker, now: number): void {
    const { generation } = worker;
    worker.state = nextWorkerState(worker.state, "ready");
    worker.readyAt = now;
    worker.deadline = Infinity;
    generation.readyAt ??= now;
    if (generation !== this.candidate) return;
    if (this.current !== undefined) this.#roster.note("info", `generation ${generation.id} serves`);
    this.current = generation;
    this.candidate = undefined;
  }

  /** A worker that served, or was about to, has ended unasked or had to be ended. */
  crashed(worker: Worker, how: string, status: number | null, now: number): void {
    const { generation } = worker;
    if (!worker.hasLeft) generation.policy.died(worker, now);
    if (worker.readyAt !== undefined) {
      this.#roster.noteEnd(worker, how);
      return;
    }
    this.#roster.note("error", `${nameOf(worker)} ${how} before it was ready`);
    if (generation !== this.candidate) return;
    const isImportError = status === IMPORT_ERROR_STATUS;
    if (this.current === undefined) {
      if (isImportError) this.#fail("the application does not import");
      return;
    }
    const isHopeless = isImportError || generation.policy.failures(now) >= CANDIDATE_FAILURES;
    if (isHopeless && this.current.zygote !== "gone") this.#callOff("its workers do not get ready");
  }

  /** The channels of a worker that served have ended unasked. Its exit, which says more, is told when it comes. */
  left(worker: Worker, now: number): void {
    worker.generation.policy.died(worker, now);
    this.#roster.noteLeft(worker);
  }

  /** One of several channels has. How the worker ends is told when that is known: at once, mostly. A thread that ends alone has said why. */
  leftInPart(worker: Worker, now: number): void {
    this.#roster.letGo(worker, now);
    worker.hasLeft = true;
    worker.generation.policy.died(worker, now);
  }

  /** The zygote has ended, or is about to after an import error. */
  zygoteGone(generation: Generation, why: string, now: number): void {
    const wasAsked = generation.zygote === "stopping";
    generation.zygote = nextZygoteState(generation.zygote, "exited");
    generation.deadline = Infinity;
    for (const worker of this.#roster.of(generation)) this.#orphan(worker);
    if (wasAsked) return;
    if (generation === this.candidate) {
      this.#candidateFailed(generation, why, now);
      return;
    }
    this.#roster.note("error", `${why}; its workers serve on until others are ready`);
    if (generation === this.current) this.#zygotePolicy.died(generation, now);
  }

  /** A deadline of the zygote has passed: it did not load, or did not stop. */
  overdue(generation: Generation, now: number): void {
    const isLoading = generation.zygote === "loading";
    this.#roster.stopZygote(generation, true, now);
    if (isLoading && generation === this.candidate) {
      this.#candidateFailed(generation, OVERDUE, now);
    }
  }

  /** A worker was not ready in time. When several were not and none ever was, none will be: without preload, each imports the same. */
  workerOverdue({ generation }: Worker, now: number): void {
    if (this.current !== undefined || generation.policy.failures(now) < CANDIDATE_FAILURES) return;
    this.#fail(OVERDUE, true);
  }

  /** Ends the zygotes of generations that are neither and have no worker left, and forgets those that have ended. */
  stopUnused(now: number): void {
    for (const generation of this.#roster.generations.values()) {
      if (generation === this.current || generation === this.candidate) continue;
      if (this.#roster.of(generation).length > 0) continue;
      if (generation.zygote === "gone") this.#roster.generations.delete(generation.id);
      else this.stop(generation, now);
    }
  }

  /** One that imports hears nothing, and has nothing to finish. */
  stop(generation: Generation, now: number): void {
    this.#roster.stopZygote(generation, generation.zygote === "loading", now);
  }

  #candidateFailed(generation: Generation, why: string, now: number): void {
    if (this.current === undefined) {
      this.#fail(why, why === OVERDUE);
    } else if (this.current.zygote === "gone") {
      this.candidate = undefined;
      this.lastFailure = why;
      this.#zygotePolicy.died(generation, now);
      this.#roster.note("error", `${why}; another try follows`);
    } else {
      this.#callOff(why);
    }
  }

  #callOff(why: string): void {
    this.candidate = undefined;
    this.lastFailure = why;
    const next = this.#survivesFailedStart
      ? "the next change brings another try"
      : `generation ${this.current?.id} serves on`;
    this.#roster.note("error", `reload failed: ${why}; ${next}`);
  }

  #fail(why: string, isOverdue = false): void {
    this.candidate = undefined;
    this.lastFailure = why;
    if (this.#survivesFailedStart) {
      this.#awaitsReload = true;
      this.#roster.note("error", `${why}; the next change brings another try`);
      return;
    }
    this.isFatal = true;
    this.#roster.say({ kind: "fatal", why, isOverdue });
  }

  /** No report will come of this worker, only the end of its channels; and what never had a channel is forgotten. */
  #orphan(worker: Worker): void {
    worker.isOrphan = true;
    if (worker.state === "starting") this.#roster.kill(worker);
    // The zygote may have died before it passed the signal on,
    else if (worker.state === "killed") this.#roster.signal(worker, "KILL");
    // or in the middle of a withdrawal.
    else this.#roster.signal(worker, "CONT");
    if (worker.openChannels === 0) this.#roster.remove(worker);
  }
}
