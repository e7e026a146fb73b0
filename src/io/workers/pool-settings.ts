// What dispatcher and registry are told of the configuration. Both keep these very objects, whose values a reload changes in place: so
// reading one costs no more than before.

import { availableCores } from "../../config/cores.ts";
import type { Config } from "../../config/options.ts";
import type { DispatchOptions } from "../../core/dispatch/effects.ts";
import type { RegistryOptions } from "../../core/workers/commands.ts";
import type { UpcomingNumbers } from "../../core/workers/numbers.ts";
import { registryOptionsOf } from "./registry-options.ts";

export class PoolSettings {
  readonly dispatch: DispatchOptions;
  readonly registry: RegistryOptions;
  readonly #config: Config;
  /** The newest generation at the last reload: what changes once a newer one serves has yet to. */
  #passed = Infinity;
  /** The numbers of workers have changed, which serves() has yet to tell. */
  #isAdopted = false;
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
    this.#passed = Math.max(0, ...generations);
    // The numbers of workers wait: the zygotes that there are have no room for more.
    const upcoming = this.#upcomingNumbers();
    Object.assign(this.registry, { startTimeoutMs, gracefulTimeoutMs, upcoming });
  }

  /** A thread of this generation may be given requests. True, once, when the numbers of workers have changed with it. */
  serves(generation: number): boolean {
    // Until all threads of its first worker are there the old ones serve.
    if (generation <= this.#passed || this.registry.upcoming !== undefined) return false;
    this.#passed = Infinity;
    const { workerIdleTimeoutMs } = this.#config;
    const isSame = !this.#isAdopted && this.#workerIdleTimeoutMs === workerIdleTimeoutMs;
    this.#isAdopted = false;
    this.#workerIdleTimeoutMs = workerIdleTimeoutMs;
    Object.assign(this.registry, registryOptionsOf(this.#config));
    return !isSame;
  }

  #upcomingNumbers(): UpcomingNumbers | undefined {
    const { min: minWorkers, max: maxWorkers } = this.#config.workers;
    const { registry } = this;
    if (registry.minWorkers === minWorkers && registry.maxWorkers === maxWorkers) return undefined;
    const adopt = (): void => {
      this.#isAdopted = true;
      Object.assign(registry, registryOptionsOf(this.#config), { upcoming: undefined });
    };
    return { minWorkers, maxWorkers, after: this.#passed, adopt };
  }
}

function dispatchOptionsOf(config: Config): DispatchOptions {
  const { queueLength, queueTimeoutMs, requestTimeoutMs, requestTotalTimeoutMs } = config;
  return {
    maxWaiting: queueLength,
    queueTimeoutMs,
    requestTimeoutMs,
    requestTotalTimeoutMs,
    processors: availableCores(),
  };
}
