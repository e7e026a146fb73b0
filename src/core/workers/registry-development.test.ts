// A server for developers: where the application does not come up, it waits for a reload.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { RegistryCommand } from "./commands.ts";
import { Registry } from "./registry.ts";

let registry: Registry;

const kinds = (commands: RegistryCommand[]): string[] => commands.map(({ kind }) => kind);
const notes = (commands: RegistryCommand[]): string =>
  commands.map((command) => (command.kind === "note" ? command.text : "")).join("\n");

describe("a registry that survives a failed start", () => {
  beforeEach(() => {
    registry = new Registry({
      minWorkers: 1,
      maxWorkers: 2,
      maxReplacing: 1,
      threads: 1,
      startTimeoutMs: 5000,
      gracefulTimeoutMs: 1000,
      random: () => 0.5,
      survivesFailedStart: true,
    });
    registry.start(0);
  });

  it("tries nothing again by itself, and begins anew when it is told to", () => {
    const commands = registry.zygoteFailed(1, "SyntaxError", 10);
    assert.deepEqual(kinds(commands), ["note"]);
    assert.match(notes(commands), /SyntaxError; the next change brings another try/);
    assert.equal(registry.generationsInTurn.candidate, undefined);
    assert.match(registry.generationsInTurn.lastFailure, /SyntaxError/);
    assert.deepEqual(kinds(registry.tick(60_000, 1)), []);
    assert.deepEqual(kinds(registry.reload(60_001)), ["startZygote", "note"]);
    registry.zygoteLoaded(2, 60_002);
    registry.hello(1, 0, 60_003);
    assert.equal(registry.generationsInTurn.serving, 2);
  });

  it("ends a zygote whose workers cannot import", () => {
    registry.zygoteLoaded(1, 1);
    const commands = registry.exited(1, 3, null, 2);
    assert.deepEqual(kinds(commands), ["note", "note", "stopZygote"]);
    assert.deepEqual(kinds(registry.zygoteLost(1, 3)), []);
    assert.deepEqual(kinds(registry.tick(60_000, 0)), []);
  });

  it("ends one that does not load in time", () => {
    assert.deepEqual(kinds(registry.tick(5000, 0)), ["stopZygote", "note"]);
    registry.zygoteLost(1, 5001);
    assert.deepEqual(kinds(registry.tick(60_000, 0)), []);
  });

  it("does not say that old code serves on, which nobody is given", () => {
    registry.zygoteLoaded(1, 1);
    registry.hello(1, 0, 2);
    registry.reload(3);
    const commands = registry.zygoteFailed(2, "NameError", 4);
    assert.match(notes(commands), /reload failed: .*NameError; the next change/);
  });

  it("comes to an end while nothing can be served", () => {
    registry.zygoteFailed(1, "SyntaxError", 10);
    registry.drain(20);
    assert.deepEqual(kinds(registry.finish(21)), ["drained"]);
  });
});
