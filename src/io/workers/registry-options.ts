// What the registry is told at the start, from the configuration.

import type { Config } from "../../config/options.ts";
import type { RegistryOptions } from "../../core/workers/commands.ts";

export function registryOptionsOf(config: Config): RegistryOptions {
  const { workers, threads, maxReplacing, startTimeoutMs, gracefulTimeoutMs } = config;
  return {
    minWorkers: workers.min,
    maxWorkers: workers.max,
    maxReplacing: Math.min(maxReplacing, workers.max), // The zygote's ledger has room for twice the workers.
    threads,
    startTimeoutMs,
    gracefulTimeoutMs,
    survivesFailedStart: config.reload,
    random: Math.random,
  };
}
