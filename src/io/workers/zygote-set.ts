// All zygotes by generation: started, told, ended. Knows which of them were told to go, so that their end is no news; decides nothing.

import type { SharedSlot } from "../../core/http/exchange.ts";
import type { RegistryCommand } from "../../core/workers/commands.ts";
import { channelPathOf } from "./channel-server.ts";
import { killProcess } from "./kill-process.ts";
import type { ControlReport, ControlRequest } from "./control-messages.ts";
import { loadRequestOf } from "./load-request.ts";
import { SharedMemory } from "./shared-memory.ts";
import { SpareZygote } from "./spare-zygote.ts";
import type { WorkforceOptions } from "./workforce-events.ts";
import { ZygoteWatch } from "./zygote-watch.ts";
import { Zygote } from "./zygote.ts";

export interface ZygoteSetEvents {
  onReport(generation: number, report: ControlReport): void;
  /** The process has ended and everything that it reported was delivered. `wasTold`: its end is no news. */
  onGone(generation: number, how: string, wasTold: boolean): void;
  /** The generations whose zygote owes something. */
  debtors(): Iterable<number>;
}

export class ZygoteSet {
  readonly #options: WorkforceOptions;
  readonly #events: ZygoteSetEvents;
  readonly #zygotes = new Map<number, Zygote>();
  readonly #memories = new Map<number, SharedMemory>();
  /** They were told to stop, or said why they will. */
  readonly #told = new Set<number>();
  readonly #spare: SpareZygote;
  readonly #watch: ZygoteWatch;
  /** Taken even if it has ended meanwhile: what it was then said why. */
  #first: Zygote | undefined;
  /** With --reload: the application cannot be shared across a fork, as the last zygote has found. */
  #isUnshareable = false;

  constructor(options: WorkforceOptions, events: ZygoteSetEvents) {
    this.#options = options;
    this.#events = events;
    this.#spare = new SpareZygote(options.config);
    this.#first = options.zygote;
    this.#watch = new ZygoteWatch({
      debtors: () => events.debtors(),
      onAsk: (generation) => {
        // Of nobody's stacks there is nothing to tell, which it says.
        this.send(generation, { type: "stacks", worker: 0 });
      },
      onHanging: (generation) => {
        this.#endHanging(generation);
      },
    });
  }

  has(generation: number): boolean {
    return this.#zygotes.has(generation);
  }

  start(generation: number): void {
    const { config, application, version, privateDirectory } = this.#options;
    const place = { version, privateDirectory, channelPath: channelPathOf(privateDirectory) };
    // Found out again, it would be imported twice for each save.
    const known = this.#isUnshareable ? { ...config, preload: "off" as const } : config;
    const load = loadRequestOf(known, application, place);
    const zygote = this.#first ?? this.#spare.take() ?? new Zygote(config);
    this.#first = undefined;
    this.#zygotes.set(generation, zygote);
    zygote.load(load, {
      onReport: (report) => {
        this.#watch.heard(generation);
        if (report.type === "failed") this.#told.add(generation);
        if (report.type === "loaded") this.#loaded(generation, report);
        if (report.type === "failed" || report.type === "loaded") this.#spare.makeSoon();
        this.#events.onReport(generation, report);
      },
      onGone: (how) => {
        this.#zygotes.delete(generation);
        this.#spare.makeSoon();
        this.#memories.get(generation)?.bodies?.retire();
        this.#events.onGone(generation, how, this.#told.delete(generation));
        this.#memories.get(generation)?.release();
        this.#memories.delete(generation);
      },
    });
  }

  /** The server is about to end: nobody is started ahead any more. */
  dropSpare(): void {
    this.#spare.drop();
  }

  #loaded(generation: number, loaded: Extract<ControlReport, { type: "loaded" }>): void {
    const { config, poller } = this.#options;
    this.#isUnshareable = config.reload && config.preload === "auto" && !loaded.preload;
    const libc = poller?.libc;
    const memory = SharedMemory.open(loaded.pid, loaded.memory, config.threads, libc);
    if (memory !== undefined) this.#memories.set(generation, memory);
  }

  /** What a zygote shares with its workers; undefined where the front cannot read it. */
  memory(generation: number): SharedMemory | undefined {
    return this.#memories.get(generation);
  }

  /** Of the newest that has loaded. */
  takeBodySlot(): SharedSlot | undefined {
    return [...this.#memories.values()].at(-1)?.bodies?.take();
  }

  stop(generation: number, isForced: boolean): void {
    this.#told.add(generation);
    if (isForced) this.kill(generation);
    else this.send(generation, { type: "stop" });
  }

  send(generation: number, request: ControlRequest): void {
    this.#watch.asked();
    this.#zygotes.get(generation)?.send(request);
  }

  /** To a worker, by its zygote, which knows whether the process is still there. */
  signal(command: Extract<RegistryCommand, { kind: "signal" }>): void {
    const { worker, generation, signal, pid, isOrphan } = command;
    const isDirect = isOrphan || !this.has(generation) || signal === "CONT";
    if (isDirect) killProcess(pid, `SIG${signal}`);
    else this.send(generation, { type: "signal", worker, signal });
  }

  /** Every one, since one that imports hears nothing. */
  sendToAll(request: ControlRequest): void {
    for (const zygote of this.#zygotes.values()) zygote.send(request);
  }

  /**
   * Of those that read their control socket and do not end, the oldest: during a reload the same one, so that what it is told comes in its
   * order. False if there is none.
   */
  sendToListening(request: ControlRequest): boolean {
    for (const [generation, zygote] of this.#zygotes)
      if (zygote.isListening && !this.#told.has(generation) && zygote.send(request)) return true;
    return false;
  }

  kill(generation: number): void {
    this.#zygotes.get(generation)?.kill();
  }

  /** With it gone, its workers serve on until others are ready. */
  #endHanging(generation: number): void {
    this.#options.log.error(`zygote ${generation} does not answer any more and is ended`);
    this.kill(generation);
  }

  killAll(): void {
    this.#spare.drop();
    for (const zygote of this.#zygotes.values()) zygote.kill();
  }
}
