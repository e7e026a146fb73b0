// All rounds of a plan. Servers take turns under a workload, a few seconds each, so that a machine that gets slower for a while is slow for
// everyone. Where a round leaves something behind (workers that came for those that sleep, say), each has a fresh server.

import { loadInTurns, measureFresh, type RoundSettings, startWarm, underLoad } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { RunningServer } from "./running-server.ts";
import type { Server } from "./servers.ts";
import type { Round } from "./table.ts";
import type { FullLoad, Workload } from "./workloads.ts";

/** Rounds on fresh servers take several times as long: no more than this. */
const MAX_FRESH_ROUNDS = 2;

/** `progress` is told what comes next, and "" where a message follows; `rounds` gets those of each workload that is through. */
export async function runAll(
  plan: Plan,
  settings: RoundSettings,
  progress: (text: string) => void,
  rounds: Round[],
): Promise<void> {
  for (const [index, workload] of plan.workloads.entries()) {
    const run: Run = {
      ...settings,
      rounds: plan.rounds,
      say: ({ name }, what) => {
        progress(`${index + 1}/${plan.workloads.length}  ${workload.name}, ${name}: ${what}`);
      },
      fail: ({ name }, error) => {
        // One server that fails must not cost the figures of the others.
        progress("");
        const reason = error instanceof Error ? error.message : String(error);
        console.error(`${workload.name}, ${name}: ${reason}`);
      },
    };
    const load = loadInTurns(workload);
    const servers = serversFor(workload, plan);
    const done =
      load === undefined
        ? await startFresh(servers, workload, run)
        : await takeTurns(servers, workload, load, run);
    rounds.push(...done);
  }
  progress("");
}

interface Run extends RoundSettings {
  readonly rounds: number;
  say(server: Server, what: string): void;
  fail(server: Server, error: unknown): void;
}

async function takeTurns(
  servers: readonly Server[],
  workload: Workload,
  load: FullLoad,
  run: Run,
): Promise<Round[]> {
  await using allStarted = new AllStarted();
  const takers = new Map<Server, RunningServer>();
  for (const server of servers) {
    run.say(server, "start");
    try {
      takers.set(server, allStarted.add(await startWarm(server, workload, load, run)));
    } catch (error) {
      run.fail(server, error);
    }
  }
  const rounds: Round[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    for (const [server, started] of takers) {
      run.say(server, `round ${round}`);
      try {
        const figures = await underLoad(started, workload, load, run);
        rounds.push({ workload: workload.name, server: server.name, figures });
      } catch (error) {
        takers.delete(server);
        run.fail(server, error);
      }
    }
  }
  return rounds;
}

/** Ends them all at the same time: one after the other they take seconds. */
class AllStarted implements AsyncDisposable {
  readonly #servers: RunningServer[] = [];

  add(server: RunningServer): RunningServer {
    this.#servers.push(server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }
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
      run.say(server, `round ${round}`);
      try {
        rounds.push(await measureFresh(server, workload, run));
      } catch (error) {
        failed.add(server);
        run.fail(server, error);
      }
    }
  }
  return rounds;
}

function serversFor({ isOwn }: Workload, { servers }: Plan): readonly Server[] {
  return isOwn === true ? servers.filter(({ name }) => name === "rickhouse") : servers;
}
