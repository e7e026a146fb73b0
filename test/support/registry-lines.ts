// What a registry asks for, as tests compare it, and a registry that serves.

import type { RegistryCommand, RegistryOptions } from "../../src/core/workers/commands.ts";
import { Registry } from "../../src/core/workers/registry.ts";

export const OPTIONS: RegistryOptions = {
  minWorkers: 2,
  maxWorkers: 4,
  maxReplacing: 1,
  threads: 1,
  startTimeoutMs: 5000,
  gracefulTimeoutMs: 25_000,
  random: () => 0.5,
};

/** With its target number of ready workers, at 0 ms. */
export function servingRegistry(options: Partial<RegistryOptions> = {}): Registry {
  const registry = new Registry({ ...OPTIONS, ...options });
  registry.start(0);
  registry.zygoteLoaded(1, 0);
  for (const { id } of registry.workers.values()) {
    registry.forked(id, 1000 + id, 0);
    for (let thread = 0; thread < (options.threads ?? 1); thread++) registry.hello(id, thread, 0);
  }
  return registry;
}

/** One line per command, notes left out. */
export function lines(commands: readonly RegistryCommand[]): string[] {
  return commands.filter(({ kind }) => kind !== "note").map(lineOf);
}

export function notes(commands: readonly RegistryCommand[]): string[] {
  return commands.filter(({ kind }) => kind === "note").map(lineOf);
}

/** Notes with their level. */
export function lineOf(command: RegistryCommand): string {
  switch (command.kind) {
    case "startZygote":
      return `startZygote ${command.generation}`;
    case "stopZygote":
      return `stopZygote ${command.generation}${command.isForced ? " by force" : ""}`;
    case "fork":
      return `fork ${command.worker} in ${command.generation}`;
    case "admit":
    case "refuse":
      return `${command.kind} ${command.worker}/${command.thread}`;
    case "retire":
      return `retire ${command.worker}`;
    case "signal":
      return `${command.signal} ${command.worker}${command.isOrphan ? ` pid ${command.pid}` : ""}`;
    case "note":
      return `${command.level}: ${command.text}`;
    case "fatal":
      return `fatal: ${command.why}`;
    case "drained":
      return "drained";
  }
}

/** `3 retiring`, by worker. */
export function statesOf(registry: Registry): string[] {
  return [...registry.workers.values()].map(({ id, state }) => `${id} ${state}`);
}
