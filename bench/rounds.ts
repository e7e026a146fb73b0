// All rounds of a plan. Servers take turns under a workload, a few seconds each, so that a machine that gets slower for a while is slow for
// everyone. Where a round leaves something behind (workers that came for those that sleep, say), each has a fresh server.

import { canTakeTurns, measureFresh, type RoundSettings, TurnTaker } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { Server } from "./servers.ts";
import type { Round } from "./table.ts";
import type { Workload } from "./workloads.ts";

/** Rounds on fresh servers take several times as long: no more than this. */
export const MAX_FRESH_ROUNDS = 2;

/** `progress` is told what comes next, and "" where a message follows. */
export async function runAll(
  plan: Plan,
  settings: RoundSettings,
  progress: (text: string) => void,
): Promise<Round[]> {
  const rounds: Round[] = [];
  const fail = (name: string, error: unknown): void => {
    // One server that fails must not cost the figures of the others.
    progress("");
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  };
  for (const [index, workload] of plan.workloads.entries()) {
    const servers = serversFor(workload, plan);
    const say = (text: string): void => {
      progress(`${index + 1}/${plan.workloads.length}  ${workload.name}, ${text}`);
    };
    const run = canTakeTurns(workload) ? takeTurns : startFresh;
    rounds.push(...(await run(servers, workload, { ...settings, rounds: plan.rounds, say, fail })));
  }
  progress("");
  return rounds;
}

interface Run extends RoundSettings {
  readonly rounds: number;
  say(text: string): void;
  fail(name: string, error: unknown): void;
}

async function takeTurns(
  servers: readonly Server[],
  workload: Workload,
  run: Run,
): Promise<Round[]> {
  await using stack = new AsyncDisposableStack();
  const takers = new Map<Server, TurnTaker>();
  for (const server of servers) {
    run.say(`${server.name}: start`);
    try {
      takers.set(server, stack.use(await TurnTaker.start(server, workload, run)));
    } catch (error) {
      run.fail(`${workload.name}, ${server.name}`, error);
    }
  }
  const rounds: Round[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    for (const [server, taker] of takers) {
      run.say(`${server.name}: round ${round}`);
      try {
        rounds.push(await taker.turn());
      } catch (error) {
        takers.delete(server);
        run.fail(`${workload.name}, ${server.name}`, error);
      }
    }
  }
  return rounds;
}

async function startFresh(
  servers: readonly Server[],
  workload: Workload,
  run: Run,
): Promise<Round[]> {
  const failed = new Set<Server>();
  const rounds: Round[] = [];
  for (let round = 1; round <= Math.min(run.rounds, MAX_FRESH_ROUNDS); round++) {
    for (const server of servers) {
      if (failed.has(server)) continue;
      run.say(`${server.name}: round ${round}`);
      try {
        rounds.push(await measureFresh(server, workload, run));
      } catch (error) {
        failed.add(server);
        run.fail(`${workload.name}, ${server.name}`, error);
      }
    }
  }
  return rounds;
}

function serversFor({ isOwn }: Workload, { servers }: Plan): readonly Server[] {
  return isOwn === true ? servers.filter(({ name }) => name === "rickhouse") : servers;
}
