// What dispatcher and registry are told of the configuration. Both keep these very objects, whose values a reload changes in place: so
// reading one costs no more than before.

import { availableParallelism } from "node:os";
import type { Config } from "../../config/options.ts";
import type { DispatchOptions } from "../../core/dispatch/effects.ts";
import type { RegistryOptions } from "../../core/workers/commands.ts";
import { registryOptionsOf } from "./registry-options.ts";

export class PoolSettings {
  readonly dispatch: DispatchOptions;
  readonly registry: RegistryOptions;
  readonly #config: Config;
  /** The newest generation at the last reload: the numbers of workers are changed once a newer one serves. */
  #passed = Infinity;

  #workerIdleTimeoutMs: number;

  constructor(config: Config) {
    this.#config = config;
    this.#workerIdleTimeoutMs = config.workerIdleTimeoutMs;
    this.dispatch = dispatchOptionsOf(config);
    this.registry = registryOptionsOf(config);
  }

  /** The values of the configuration have changed, and a reload follows. */
  reconfigure(generations: Iterable<number>): void {
    const { startTimeoutMs, gracefulTimeoutMs } = this.#config;
    Object.assign(this.dispatch, dispatchOptionsOf(this.#config));
    // The numbers of workers wait: the zygotes that there are have no room for more.
    Object.assign(this.registry, { startTimeoutMs, gracefulTimeoutMs });
    this.#passed = Math.max(0, ...generations);
  }

  /** A worker of this generation serves. True when that has changed the numbers of workers. */
  serves(generation: number): boolean {
    if (generation <= this.#passed) return false;
    this.#passed = Infinity;
    const { minWorkers, maxWorkers } = this.registry;
    const { workers, workerIdleTimeoutMs } = this.#config;
    const isSame =
      minWorkers === workers.min &&
      maxWorkers === workers.max &&
      this.#workerIdleTimeoutMs === workerIdleTimeoutMs;
    this.#workerIdleTimeoutMs = workerIdleTimeoutMs;
    Object.assign(this.registry, registryOptionsOf(this.#config));
    return !isSame;
  }
}

function dispatchOptionsOf(config: Config): DispatchOptions {
  const { queueLength, queueTimeoutMs, requestTimeoutMs, requestTotalTimeoutMs } = config;
  return {
    maxWaiting: queueLength,
    queueTimeoutMs,
    requestTimeoutMs,
    requestTotalTimeoutMs,
    processors: availableParallelism(),
  };
}
