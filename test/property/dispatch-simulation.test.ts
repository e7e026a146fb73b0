// Dispatcher and registry against a simulated world: workers that run, stream, hang and die, zygotes that get lost,
// wires that delay, clients that leave or read slowly, reloads and drains. Each seed is one world; all invariants of
// the design (section 3) are asserted after every event and at the end.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { World } from "./dispatch-simulation/world.ts";

const SEEDS = Number(process.env["SIMULATION_SEEDS"] ?? 2000);
const FIRST_SEED = Number(process.env["SIMULATION_FIRST_SEED"] ?? 1);

describe("dispatcher and registry in simulation", () => {
  it(`keep their promises in ${SEEDS} worlds`, () => {
    const seen = { answered: 0, stuck: 0, withdrawals: 0, repeats: 0, drains: 0, gaveUp: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const world = new World(seed);
      try {
        world.run();
      } catch (cause) {
        throw new Error(`seed ${seed} (SIMULATION_FIRST_SEED=${seed} SIMULATION_SEEDS=1)`, {
          cause,
        });
      }
      world.addTo(seen);
    }
    // A simulation in which nothing happens proves nothing.
    if (SEEDS >= 1000) {
      for (const [what, count] of Object.entries(seen)) assert.ok(count > 100, `${what}: ${count}`);
    }
  });
});
