// Watches what each worker has served, its age and its memory, and has it replaced when a limit is reached. Owns the timer and the looks
// at processes; the limits are judged in core/workers/recycling.ts, and the registry replaces.

import { describeSize } from "../../config/kinds.ts";
import {
  beginService,
  countServed,
  isTooOld,
  judgeMemory,
  type RecyclingLimits,
  type Service,
} from "../../core/workers/recycling.ts";
import type { Log } from "../log.ts";
import { proportionalBytes } from "./process-memory.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** How often ages are looked at. */
const AGE_PERIOD_MS = 1000;
/** How often the memory of each worker is: a leak takes longer, and each look costs the worker a moment. */
const MEMORY_PERIOD_MS = 5000;
const MIB = 2 ** 20;

/** Who has the workers and replaces them. */
export interface Recycling {
  readonly records: ReadonlyMap<number, WorkerRecord>;
  recycle(worker: number, now: number): void;
}

export class Recycler {
  readonly #limits: RecyclingLimits;
  readonly #log: Pick<Log, "info" | "warning">;
  readonly #workforce: Recycling;
  readonly #timers: NodeJS.Timeout[] = [];
  #isLooking = false;
  /** Whose process is being looked at. */
  readonly #underWay = new Set<Service>();
  #hasWarned = false;

  constructor(limits: RecyclingLimits, log: Pick<Log, "info" | "warning">, workforce: Recycling) {
    this.#limits = limits;
    this.#log = log;
    this.#workforce = workforce;
  }

  start(): void {
    const { maxAgeMs, maxMemoryBytes } = this.#limits;
    if (maxAgeMs > 0) this.#every(AGE_PERIOD_MS, () => this.#lookAtAges());
    if (maxMemoryBytes > 0) this.#every(MEMORY_PERIOD_MS, () => void this.#lookAtMemory());
  }

  /** The limits have changed. */
  restart(): void {
    this.close();
    this.#hasWarned = false;
    this.start();
  }

  close(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  /** A thread of this worker serves: the first one begins its service. */
  admitted(record: WorkerRecord, now: number): Service {
    if (record.service !== undefined) return record.service;
    record.service = beginService(this.#limits, Math.random(), now);
    // While it is new: what is above the limit now was not leaked.
    if (this.#limits.maxMemoryBytes > 0) void this.#measure(record, record.service, true);
    return record.service;
  }

  /** One request of this worker is over. Hot. */
  count(service: Service): void {
    if (countServed(service)) this.#worn(service);
  }

  #every(ms: number, look: () => void): void {
    this.#timers.push(setInterval(look, ms).unref());
  }

  #worn(service: Service): void {
    const record = [...this.#workforce.records.values()].find((each) => each.service === service);
    if (record !== undefined)
      this.#replace(record, service, `served ${service.served} requests (--max-requests)`);
  }

  #lookAtAges(): void {
    const now = performance.now();
    for (const record of this.#workforce.records.values()) {
      const { service } = record;
      if (service === undefined || !isTooOld(service, this.#limits, now)) continue;
      const seconds = Math.round((now - service.readyAt) / 1000);
      this.#replace(record, service, `has served for ${seconds} s (--max-age)`);
    }
  }

  /** One after the other, and never two rounds at once: a system that is short of memory answers slowly. */
  async #lookAtMemory(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (const record of this.#workforce.records.values()) {
      if (record.service !== undefined) await this.#measure(record, record.service, false);
    }
    this.#isLooking = false;
  }

  /** One look at a time: a later one could overtake that at a new worker, and judge before it is known what new ones take. */
  async #measure(record: WorkerRecord, service: Service, isNew: boolean): Promise<void> {
    if (record.pid === undefined || service.isWorn || this.#underWay.has(service)) return;
    this.#underWay.add(service);
    const bytes = await proportionalBytes(record.pid);
    this.#underWay.delete(service);
    if (bytes === "gone" || record.exit !== undefined) return;
    if (bytes === "unknown") {
      this.#warn("--max-memory is not watched: this system does not tell the memory of a process");
      return;
    }
    if (isNew) service.newBytes = bytes;
    const limit = describeSize(this.#limits.maxMemoryBytes);
    const found = `${(bytes / MIB).toFixed(1)} MiB`;
    switch (judgeMemory(service, this.#limits, bytes)) {
      case "within":
        return;
      case "limit-too-low":
        this.#warn(
          `--max-memory ${limit} is below what a new worker takes (${found}): replacing it would not help; raise the limit`,
        );
        return;
      case "too-large":
        this.#replace(record, service, `has grown to ${found} (--max-memory ${limit})`);
    }
  }

  #warn(text: string): void {
    if (!this.#hasWarned) this.#log.warning(text);
    this.#hasWarned = true;
  }

  #replace(record: WorkerRecord, service: Service, why: string): void {
    if (service.isWorn) return;
    service.isWorn = true;
    this.#log.info(`worker ${record.worker} (pid ${record.pid}) ${why}: it is to be replaced`);
    this.#workforce.recycle(record.worker, performance.now());
  }
}
