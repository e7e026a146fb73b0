// What one server gives under one workload.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { residentKiB } from "../test/support/processes.ts";
import { HeldConnections } from "./beside.ts";
import { burst } from "./burst.ts";
import { besideOthers } from "./kept.ts";
import { cpuUsOfTree, pssBytesOf, pssBytesOfTree } from "./process-tree.ts";
import { type Places, RunningServer } from "./running-server.ts";
import type { Server } from "./servers.ts";
import type { Figures, Round } from "./table.ts";
import type { Beside, FullLoad, Workload } from "./workloads.ts";
import { runWrk } from "./wrk.ts";

export interface RoundSettings extends Places {
  readonly seconds: number;
  /** Ends it before its time. */
  readonly signal: AbortSignal;
}

const APPS = join(import.meta.dirname, "apps");
const KIB = 2 ** 10;
const MIB = 2 ** 20;
/** Compilers of a running program (V8's) do most of their work by then: before, its figures are those of its start. */
const WARM_UP_SECONDS = 5;
const IDLE_MS = 1000;
/** Longer than the load that they stand beside, at whose end they are ended. */
const BESIDE_EXTRA_SECONDS = 10;

/** Of a workload of which nothing of a round is left for the next: all servers can run beside each other, and take turns. */
export function loadInTurns({ load }: Workload): FullLoad | undefined {
  return load.kind === "load" && load.beside === undefined ? load : undefined;
}

/** A server that can take its turns; the caller ends it. */
export async function startWarm(
  server: Server,
  workload: Workload,
  load: FullLoad,
  settings: RoundSettings,
): Promise<RunningServer> {
  const started = await RunningServer.start(server, workload, settings);
  try {
    await warmUp(started, workload, load, settings.signal);
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
  return started;
}

/** One round on a fresh server. */
export async function measureFresh(
  server: Server,
  workload: Workload,
  settings: RoundSettings,
): Promise<Round> {
  await using started = await RunningServer.start(server, workload, settings);
  const figures = await figuresOf(started, workload, settings);
  return { workload: workload.name, server: server.name, figures };
}

async function figuresOf(
  started: RunningServer,
  workload: Workload,
  settings: RoundSettings,
): Promise<Figures> {
  const url = started.origin + workload.path;
  const { load } = workload;
  const hello = { connections: 64, seconds: WARM_UP_SECONDS };
  switch (load.kind) {
    case "start":
      return { startMs: started.startMs };
    case "memory":
      await runWrk(url, hello, settings.signal);
      return { pssMib: pssBytesOfTree(started.pid) / MIB };
    case "front-memory":
      return frontMemory(started, url, load.requests, settings.signal);
    case "burst": {
      await runWrk(url, hello, settings.signal);
      await sleep(IDLE_MS);
      return burst(`${started.origin}/slow`, load.requests);
    }
    case "load": {
      const { beside } = load;
      const measure = (): Promise<Figures> => underLoad(started, workload, load, settings);
      await warmUp(started, workload, load, settings.signal);
      if (beside === undefined) return measure();
      return besideOthers(
        measure,
        () => hold(started, beside, settings),
        () => calmDown(started),
      );
    }
  }
}

async function warmUp(
  started: RunningServer,
  workload: Workload,
  load: FullLoad,
  signal: AbortSignal,
): Promise<void> {
  const url = started.origin + workload.path;
  await runWrk(url, { ...wrkOf(load), seconds: WARM_UP_SECONDS }, signal);
}

function wrkOf({ connections, wrk }: FullLoad): {
  connections: number;
  more: readonly string[];
  cwd: string;
} {
  return { connections, more: wrk ?? [], cwd: APPS };
}

async function frontMemory(
  { pid }: RunningServer,
  url: string,
  requests: number,
  signal: AbortSignal,
): Promise<Figures> {
  const load = { connections: 64, seconds: WARM_UP_SECONDS };
  let answered = 0;
  const untilAnswered = async (count: number): Promise<void> => {
    while (answered < count) answered += (await runWrk(url, load, signal)).requests;
  };
  await untilAnswered(requests / 2);
  const before = residentKiB(pid);
  await untilAnswered(requests);
  const after = residentKiB(pid);
  return {
    pssMib: pssBytesOf(pid) / MIB,
    rssMib: after / KIB,
    grownMib: (after - before) / KIB,
  };
}

/** The load alone, whatever may be said to stand beside it. */
export async function underLoad(
  started: RunningServer,
  workload: Workload,
  load: FullLoad,
  settings: RoundSettings,
): Promise<Figures> {
  const { signal } = settings;
  const seconds = Math.max(settings.seconds, load.leastSeconds ?? 0);
  const url = started.origin + workload.path;
  const before = cpuUsOfTree(started.pid);
  const answers = await runWrk(url, { ...wrkOf(load), seconds }, signal);
  const cpuUs = cpuUsOfTree(started.pid) - before;
  const { requests, requestsPerSecond, p50Ms, p99Ms, errors } = answers;
  const payload = workload.payloadBytes;
  return {
    requestsPerSecond,
    ...(payload === undefined ? {} : { mibPerSecond: (requestsPerSecond * payload) / MIB }),
    // Nothing was answered: then nothing can be said of an answer.
    ...(requests === 0 ? {} : { cpuUsPerRequest: cpuUs / requests, p50Ms, p99Ms }),
    errors,
  };
}

/** Starts what goes on beside a load; resolves to what ends it. */
async function hold(
  started: RunningServer,
  { kind, connections }: Beside,
  { seconds, signal }: RoundSettings,
): Promise<() => Promise<void>> {
  if (kind !== "sleeping") {
    const held = await HeldConnections.open(`${started.origin}/`, kind, connections);
    return () => {
      held.close();
      return Promise.resolve();
    };
  }
  const url = `${started.origin}/slow`;
  const end = new AbortController();
  const settings = { connections, seconds: seconds + BESIDE_EXTRA_SECONDS };
  const sleepers = runWrk(url, settings, AbortSignal.any([signal, end.signal])).catch(
    (error: unknown) => {
      if (!end.signal.aborted) throw error;
    },
  );
  sleepers.catch(() => {}); // Awaited at the end.
  await sleep(IDLE_MS);
  return async () => {
    end.abort();
    await sleepers;
  };
}

/** Clients that are gone may have left requests behind, which a server without a look at them runs first. */
async function calmDown(started: RunningServer): Promise<void> {
  await started.untilAnswered("/").catch(() => {}); // One that never does is measured as it is.
  await sleep(IDLE_MS);
}
