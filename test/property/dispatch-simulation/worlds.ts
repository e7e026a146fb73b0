// Many worlds, one after the other, and what was seen in all of them.

import { type Seen, World } from "./world.ts";

/** Throws at the first world that breaks a promise; the message tells how to run that one alone. */
export function runWorlds(first: number, count: number): Seen {
  const seen: Seen = {
    answered: 0,
    stuck: 0,
    withdrawals: 0,
    repeats: 0,
    drains: 0,
    gaveUp: 0,
    hangUps: 0,
    reloads: 0,
    resizings: 0,
    departures: 0,
    overloads: 0,
    deathsInWithdrawal: 0,
    outboxes: 0,
    held: 0,
  };
  for (let seed = first; seed < first + count; seed++) {
    const world = new World(seed);
    try {
      world.run();
    } catch (cause) {
      throw new Error(`seed ${seed} (SIMULATION_FIRST_SEED=${seed} SIMULATION_SEEDS=1)`, { cause });
    }
    world.addTo(seen);
  }
  return seen;
}
