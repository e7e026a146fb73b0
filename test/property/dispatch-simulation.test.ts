// Dispatcher and registry against a simulated world: workers that run, stream, hang and die, zygotes that get lost,
// wires that delay, clients that leave or read slowly, overload, growth, reloads and drains. Each seed is one world; all
// invariants of the design (section 3) are asserted after every event and at the end. A million worlds: npm run test:soak.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runWorlds } from "./dispatch-simulation/worlds.ts";

const SEEDS = Number(process.env["SIMULATION_SEEDS"] ?? 2000);
const FIRST_SEED = Number(process.env["SIMULATION_FIRST_SEED"] ?? 1);

describe("dispatcher and registry in simulation", () => {
  it(`keep their promises in ${SEEDS} worlds`, () => {
    const seen = runWorlds(FIRST_SEED, SEEDS);
    // A simulation in which nothing happens proves nothing.
    if (SEEDS >= 1000) {
      for (const [what, count] of Object.entries(seen)) assert.ok(count > 50, `${what}: ${count}`);
    }
  });
});
