// A million simulated worlds (test/property/dispatch-simulation.test.ts says what they are). SIMULATION_SEEDS for another number.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runWorlds } from "../property/dispatch-simulation/worlds.ts";

const SEEDS = Number(process.env["SIMULATION_SEEDS"] ?? 1_000_000);
/** Not those that every unit run has. */
const FIRST_SEED = Number(process.env["SIMULATION_FIRST_SEED"] ?? 1_000_001);

describe("dispatcher and registry in simulation", () => {
  it(`keep their promises in ${SEEDS} worlds`, () => {
    assert.ok(runWorlds(FIRST_SEED, SEEDS).answered >= SEEDS);
  });
});
