// Everything at once, for as long as is asked for: ordinary load, crashes, kills, hangs, reloads, aborts in heads, uploads and downloads.
// Ordinary requests must all be answered, and whatever can leak must be as it was.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { spoolFiles } from "./answers-app.ts";
import { type Counts, MixedDeeds } from "./mixed-deeds.ts";
import { type PoliteLoad, startPoliteLoad } from "./polite-load.ts";
import { childrenOf, openDescriptors, residentKiBIfAlive, zombiesOf } from "./processes.ts";
import { ServerUnderTest, startServer, waitFor } from "./server.ts";
import { grown, type Sample, takeSample } from "./soak-samples.ts";
import { type Failure, mostKilledTwice, verdictOf } from "./soak-verdict.ts";

const CLIENTS = 16;
const WORKERS = 4;
const KILL_EVERY_MS = 5000;
/** Of the front, for what V8 has not given back yet. */
const FRONT_SLACK_KIB = 48 * 1024;
/** Requests that are on their way out; the channel of a worker that is about to be gone. */
const DESCRIPTOR_SLACK = 2;
const ARGS =
  `--workers ${WORKERS} --request-timeout 2s --max-requests 5000 --body-memory 64KiB --response-memory 64KiB`.split(
    " ",
  );

export interface Figures {
  readonly descriptors: number;
  readonly processes: number;
  readonly frontKiB: number;
  readonly zygoteKiB: number;
}

export interface MixedOptions {
  /** 5 s if not given. */
  readonly killEveryMs?: number;
  /** Told while it goes on: what there is, should it not come to its end. */
  readonly onSample?: (sample: Sample) => void;
}

export interface MixedRun extends Counts {
  readonly seconds: number;
  /** Ordinary requests, and those of them that the application answered. */
  readonly asked: number;
  readonly answered: number;
  /** Requests whose worker the run had killed both times that they ran: 502, as the design has it. */
  readonly killedTwice: number;
  readonly before: Figures;
  readonly after: Figures;
  /** Under the load, in even steps. */
  readonly samples: readonly Sample[];
  /** Promises that were not kept, one by one. */
  readonly failures: readonly Failure[];
  /** All that the server wrote. */
  readonly log: string;
}

/** So many looks in all. */
const SAMPLES = 60;

/** `seconds` of everything, behind a warm-up of a tenth of it (at most a minute). Throws only if there is nothing to be told. */
export async function runMixed(seconds: number, options: MixedOptions = {}): Promise<MixedRun> {
  const directory = ServerUnderTest.makeDirectory();
  const env = { FAULTS_DIR: directory };
  const server = await startServer("bench/faults/faulty:app", { args: ARGS, env, directory });
  const run = await new Run(server, options).whole(seconds);
  try {
    await server[Symbol.asyncDispose]();
    return run;
  } catch (error) {
    return { ...run, failures: [...run.failures, { what: textOf(error), log: [] }] };
  }
}

class Run {
  readonly #server: ServerUnderTest;
  readonly #deeds: MixedDeeds;
  readonly #killEveryMs: number;
  readonly #onSample: (sample: Sample) => void;
  /** But those of requests. */
  readonly #failures: string[] = [];

  constructor(server: ServerUnderTest, { killEveryMs, onSample }: MixedOptions) {
    this.#server = server;
    this.#deeds = new MixedDeeds(server);
    this.#killEveryMs = killEveryMs ?? KILL_EVERY_MS;
    this.#onSample = onSample ?? (() => {});
  }

  async whole(seconds: number): Promise<MixedRun> {
    const { counts, killed, unanswered } = this.#deeds;
    await this.#everything(Math.min(60, Math.max(10, seconds / 10)), () => {});
    const before = await this.#settled();
    for (const name of ["crashes", "kills", "hangs", "reloads", "aborts"] as const)
      counts[name] = 0;
    const samples: Sample[] = [];
    const startedAt = performance.now();
    const { answered, failures: lost } = await this.#everything(seconds, () => {
      const sample = takeSample(this.#server, performance.now() - startedAt);
      samples.push(sample);
      this.#onSample(sample);
    });
    const after = await this.#settled();
    this.#compare(before, after);
    this.#failures.push(...grown(samples));
    const log = this.#server.stderr;
    const verdict = verdictOf({ unanswered, log, killed });
    const most = mostKilledTwice(killed.size, { killEveryMs: this.#killEveryMs, workers: WORKERS });
    if (verdict.killedTwice > most)
      this.#failures.push(
        `${verdict.killedTwice} requests killed twice: ${most} at most by chance`,
      );
    const failures = [...verdict.failures, ...this.#failures.map((what) => ({ what, log: [] }))];
    const { killedTwice } = verdict;
    const asked = answered + lost.length;
    return {
      seconds,
      asked,
      answered,
      killedTwice,
      ...counts,
      before,
      after,
      samples,
      failures,
      log,
    };
  }

  async #everything(seconds: number, onSample: () => void): Promise<PoliteLoad> {
    const endAt = performance.now() + seconds * 1000;
    const { port } = this.#server;
    const deeds = this.#deeds;
    const load = startPoliteLoad({ port, clients: CLIENTS, target: "/nap?ms=2", pauseMs: 10 });
    const every = async (pauseMs: number, deed: () => Promise<void> | void): Promise<void> => {
      while (performance.now() < endAt) {
        try {
          await deed();
        } catch (error) {
          this.#failures.push(textOf(error));
        }
        await sleep(Math.min(pauseMs, Math.max(0, endAt - performance.now())));
      }
    };
    await Promise.all([
      every(1000, () => deeds.crash()),
      every(this.#killEveryMs, () => deeds.killWorker()),
      every(15_000, () => deeds.hang()),
      every(10_000, () => deeds.reload()),
      every(200, () => deeds.abortSome()),
      every((seconds * 1000) / SAMPLES, onSample),
    ]);
    load.stop();
    await load.over;
    deeds.unanswered.push(...load.failures);
    return load;
  }

  #compare(before: Figures, after: Figures): void {
    const shown = `before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`;
    if (after.descriptors > before.descriptors + DESCRIPTOR_SLACK)
      this.#failures.push(`more descriptors: ${shown}`);
    if (after.processes !== before.processes) this.#failures.push(`other processes: ${shown}`);
    if (after.frontKiB - before.frontKiB >= FRONT_SLACK_KIB)
      this.#failures.push(`more memory: ${shown}`);
  }

  /** What is there when nothing is asked for. */
  async #settled(): Promise<Figures> {
    const server = this.#server;
    try {
      await atRest(server);
    } catch (error) {
      this.#failures.push(textOf(error));
    }
    return {
      processes: 1 + server.zygotes.length + server.workers.length,
      descriptors: openDescriptors(server.pid),
      frontKiB: residentKiBIfAlive(server.pid),
      zygoteKiB: residentKiBIfAlive(server.zygotes[0] ?? 0),
    };
  }
}

async function atRest(server: ServerUnderTest): Promise<void> {
  await waitFor("no connection", () => server.connections === 0, 60_000);
  await waitFor("no file of a body or an answer", () => spoolFiles(server).length === 0, 60_000);
  await waitFor(
    "one generation of workers and no zombie",
    () =>
      server.zygotes.length === 1 &&
      server.workers.length === WORKERS &&
      [server.pid, ...server.zygotes].every((pid) => zombiesOf(pid).length === 0),
    60_000,
  );
  // What the application left running would hang below a worker.
  assert.ok(server.workers.every((pid) => childrenOf(pid).length === 0));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
