import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RegistryCommand, RegistryOptions } from "./commands.ts";
import { Registry } from "./registry.ts";

/** Mutable, as the io side has them. */
type Options = { -readonly [Key in keyof RegistryOptions]: RegistryOptions[Key] };

/** All workers of the first generation serve, and a reload has brought other bounds: the second one has loaded. */
function reloaded(
  [min, max]: readonly [number, number],
  [nextMin, nextMax]: readonly [number, number],
  threads = 1,
): { readonly registry: Registry; readonly commands: readonly RegistryCommand[] } {
  const options: Options = {
    minWorkers: min,
    maxWorkers: max,
    maxReplacing: 1,
    threads,
    startTimeoutMs: 5000,
    gracefulTimeoutMs: 25_000,
    random: () => 0.5,
  };
  const registry = new Registry(options);
  registry.start(0);
  registry.zygoteLoaded(1, 0);
  for (const { id } of registry.workers.values())
    for (let thread = 0; thread < threads; thread++) registry.hello(id, thread, 0);
  options.upcoming = {
    minWorkers: nextMin,
    maxWorkers: nextMax,
    after: 1,
    adopt: () => {
      options.minWorkers = nextMin;
      options.maxWorkers = nextMax;
      options.upcoming = undefined;
    },
  };
  registry.reload(1);
  return { registry, commands: registry.zygoteLoaded(2, 2) };
}

/** How many each generation is told to fork. */
function forks(commands: readonly RegistryCommand[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const command of commands) {
    if (command.kind === "fork") counts[command.generation] = (counts[command.generation] ?? 0) + 1;
  }
  return counts;
}

/** Who lives, by generation. */
function idsOf(registry: Registry, generation: number): number[] {
  return [...registry.workers.values()]
    .filter((worker) => worker.generation.id === generation)
    .map(({ id }) => id);
}

describe("a reload with fewer workers", () => {
  it("forks by the new numbers before the new code serves, and after", () => {
    const { registry, commands } = reloaded([6, 12], [1, 2]);
    assert.deepEqual(forks(commands), { 2: 1 });
    const [first = 0] = idsOf(registry, 2);
    const serving = registry.hello(first, 0, 3);
    assert.deepEqual(forks(serving), {});
    assert.equal(serving.filter(({ kind }) => kind === "retire").length, 6, "all of the old ones");
    assert.deepEqual([registry.least, registry.target, registry.most], [1, 1, 2]);
  });

  it("keeps as many above the least as had grown, as far as there may be", () => {
    const { registry } = reloaded([2, 8], [1, 4]);
    registry.resize(4, 3);
    assert.equal(idsOf(registry, 2).length, 3, "before it serves no more than then");
    const [first = 0] = idsOf(registry, 2);
    registry.hello(first, 0, 4);
    assert.deepEqual([registry.least, registry.target], [1, 3]);
  });

  it("keeps the old number when the new code does not serve", () => {
    const { registry } = reloaded([4, 4], [1, 1]);
    registry.zygoteFailed(2, "SyntaxError", 3);
    registry.tick(1000, 0);
    assert.deepEqual([registry.least, registry.target, registry.most], [4, 4, 4]);
    assert.deepEqual(forks(registry.exited(1, 0, null, 60_000)), { 1: 1 });
  });
});

describe("a reload with more workers", () => {
  it("forks by the old numbers until the new code serves, all threads of a worker", () => {
    const { registry, commands } = reloaded([1, 1], [3, 3], 2);
    assert.deepEqual(forks(commands), { 2: 1 });
    const [first = 0] = idsOf(registry, 2);
    assert.deepEqual(forks(registry.hello(first, 0, 3)), {}, "the old zygote has no room");
    assert.deepEqual(forks(registry.hello(first, 1, 3)), { 2: 2 });
    assert.deepEqual([registry.least, registry.target, registry.most], [3, 3, 3]);
  });
});
