// All workers and generations, and the few moves that change them: each steps the state table and adds the command
// that makes it true. Decides nothing.

import type { RegistryCommand, RegistryOptions, SignalName } from "./commands.ts";
import { MAX_DELAY_AFTER_SERVICE_MS, RestartPolicy } from "./restart-policy.ts";
import { nextWorkerState, nextZygoteState } from "./state.ts";
import { nameOf, type Generation, type Worker } from "./worker.ts";

/** From SIGABRT to SIGKILL: time for the stacks and for a core dump to begin. */
const ABORT_GRACE_MS = 1000;
/** A worker that finishes for so long while others wait for its place is worth a line. */
const AWAITED_MS = 10_000;

export class Roster {
  readonly workers = new Map<number, Worker>();
  readonly generations = new Map<number, Generation>();
  readonly #options: RegistryOptions;
  #commands: RegistryCommand[] = [];
  #lastWorker = 0;
  #lastGeneration = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** The commands since the last call. */
  takeCommands(): RegistryCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  say(command: RegistryCommand): void {
    this.#commands.push(command);
  }

  /** It had served, and has ended unasked. */
  noteEnd(worker: Worker, how: string): void {
    const text = `${nameOf(worker)} ${how}`;
    this.say({ kind: "note", level: "error", text, worker: worker.id });
  }

  note(level: "info" | "warning" | "error", text: string): void {
    this.say({ kind: "note", level, text });
  }

  of(generation: Generation): Worker[] {
    return [...this.workers.values()].filter((worker) => worker.generation === generation);
  }

  startZygote(now: number): Generation {
    this.#lastGeneration++;
    const generation: Generation = {
      id: this.#lastGeneration,
      bornAt: now,
      policy: new RestartPolicy(this.#options.random, MAX_DELAY_AFTER_SERVICE_MS),
      zygote: "loading",
      readyAt: undefined,
      deadline: now + this.#startLimit,
      isForced: false,
    };
    this.generations.set(generation.id, generation);
    this.say({ kind: "startZygote", generation: generation.id });
    return generation;
  }

  /** Tells a zygote to stop; it is killed if it takes longer than the graceful time. */
  stopZygote(generation: Generation, isForced: boolean, now: number): void {
    if (generation.zygote === "gone" || generation.isForced) return;
    if (generation.zygote === "stopping" && !isForced) return;
    if (generation.zygote !== "stopping") {
      generation.zygote = nextZygoteState(generation.zygote, "stop");
    }
    generation.isForced = isForced;
    generation.deadline = isForced ? Infinity : now + this.#options.gracefulTimeoutMs;
    this.say({ kind: "stopZygote", generation: generation.id, isForced });
  }

  fork(generation: Generation, now: number): Worker {
    this.#lastWorker++;
    const worker: Worker = {
      id: this.#lastWorker,
      generation,
      bornAt: now,
      state: "starting",
      pid: undefined,
      readyAt: undefined,
      threads: new Set(),
      openChannels: 0,
      hasLeft: false,
      hadLeftBefore: false,
      isUnneeded: false,
      isOrphan: false,
      isDue: false,
      isRecycled: false,
      awaitedAt: Infinity,
      deadline: now + this.#startLimit,
      lapse: "start-timeout",
    };
    this.workers.set(worker.id, worker);
    this.say({ kind: "fork", generation: generation.id, worker: worker.id });
    return worker;
  }

  /** Nothing new for this worker. One that never had a channel has nothing to finish. */
  letGo(worker: Worker, now: number): void {
    if (worker.state === "starting" && worker.threads.size === 0) {
      worker.isUnneeded = true;
      this.kill(worker);
      return;
    }
    worker.state = nextWorkerState(worker.state, "retire");
    worker.deadline = now + this.#options.gracefulTimeoutMs;
    worker.lapse = "kill";
    this.say({ kind: "retire", worker: worker.id });
  }

  /** As letGo(), of one that nothing waits for: no limit but those of its requests, until its last channel has ended. */
  letFinish(worker: Worker, now: number): void {
    this.letGo(worker, now);
    worker.deadline = Infinity;
    worker.awaitedAt = now + AWAITED_MS;
  }

  /** Once. */
  noteAwaited(worker: Worker): void {
    worker.awaitedAt = Infinity;
    this.note(
      "warning",
      `${nameOf(worker)} has yet to finish: no other is replaced before it has left`,
    );
  }

  /** No longer than all others have: a reload wants its place, or has replaced its generation. */
  limitFinishing(worker: Worker, now: number): void {
    if (worker.state !== "retiring") return;
    worker.deadline = Math.min(worker.deadline, now + this.#options.gracefulTimeoutMs);
  }

  /** So much more for all deadlines, but nobody gets more than who begins now: what began since then is none the later for it. */
  giveBack(ms: number, now: number): void {
    const { startTimeoutMs, gracefulTimeoutMs } = this.#options;
    const latest = now + Math.max(startTimeoutMs, gracefulTimeoutMs);
    for (const one of [...this.workers.values(), ...this.generations.values()]) {
      if (one.deadline < latest) one.deadline = Math.min(one.deadline + ms, latest);
    }
  }

  /** Its channels have ended unasked. Nothing has to be told to it, and its place is another's. */
  noteLeft(worker: Worker): void {
    worker.state = nextWorkerState(worker.state, "retire");
    worker.hasLeft = true;
  }

  abort(worker: Worker, now: number): void {
    worker.state = nextWorkerState(worker.state, "abort");
    worker.deadline = now + ABORT_GRACE_MS;
    worker.lapse = "kill";
    this.signal(worker, "ABRT");
  }

  kill(worker: Worker): void {
    worker.hadLeftBefore = worker.hasLeft && worker.openChannels === 0;
    worker.state = nextWorkerState(worker.state, "kill");
    worker.deadline = Infinity;
    this.signal(worker, "KILL");
  }

  remove(worker: Worker): void {
    worker.state = nextWorkerState(worker.state, "exited");
    this.workers.delete(worker.id);
  }

  signal({ id, generation, pid, isOrphan }: Worker, signal: SignalName): void {
    this.say({ kind: "signal", worker: id, generation: generation.id, signal, pid, isOrphan });
  }

  get #startLimit(): number {
    return this.#options.startTimeoutMs > 0 ? this.#options.startTimeoutMs : Infinity;
  }
}
