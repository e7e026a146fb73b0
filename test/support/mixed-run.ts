// Everything at once, for as long as is asked for: ordinary load, crashes, kills, hangs, reloads, aborts in heads, uploads and downloads.
// Ordinary requests must all be answered, and whatever can leak must be as it was.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { get as message, spoolFiles } from "./answers-app.ts";
import { startPoliteLoad } from "./polite-load.ts";
import { childrenOf, openDescriptors, residentKiB, zombiesOf } from "./processes.ts";
import { RawClient, rawRequest } from "./raw-client.ts";
import { ServerUnderTest, startServer, waitFor } from "./server.ts";
import { grown, type Sample, takeSample } from "./soak-samples.ts";

const CLIENTS = 16;
const WORKERS = 4;
const ABORTS_AT_ONCE = 10;
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

export interface MixedRun {
  readonly seconds: number;
  readonly answered: number;
  readonly crashes: number;
  readonly kills: number;
  readonly hangs: number;
  readonly reloads: number;
  readonly aborts: number;
  readonly before: Figures;
  readonly after: Figures;
  /** Under the load, in even steps. */
  readonly samples: readonly Sample[];
}

/** So many looks in all. */
const SAMPLES = 60;

/** `seconds` of everything, behind a warm-up of a tenth of it (at most a minute). Throws when a promise was not kept. */
export async function runMixed(seconds: number): Promise<MixedRun> {
  const directory = ServerUnderTest.makeDirectory();
  const env = { FAULTS_DIR: directory };
  await using server = await startServer("bench/faults/faulty:app", { args: ARGS, env, directory });
  const counts = { crashes: 0, kills: 0, hangs: 0, reloads: 0, aborts: 0 };
  await everything(server, counts, { seconds: Math.min(60, Math.max(10, seconds / 10)) });
  const before = await settled(server);
  for (const name of ["crashes", "kills", "hangs", "reloads", "aborts"] as const) counts[name] = 0;
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const answered = await everything(server, counts, {
    seconds,
    onSample: () => samples.push(takeSample(server, performance.now() - startedAt)),
  });
  const after = await settled(server);
  assert.ok(after.descriptors <= before.descriptors + DESCRIPTOR_SLACK, shown(before, after));
  assert.equal(after.processes, before.processes, shown(before, after));
  assert.ok(after.frontKiB - before.frontKiB < FRONT_SLACK_KIB, shown(before, after));
  assert.deepEqual(grown(samples), []);
  return { seconds, answered, ...counts, before, after, samples };
}

type Counts = Record<"crashes" | "kills" | "hangs" | "reloads" | "aborts", number>;

/** How many ordinary requests were answered: all that were sent. */
async function everything(
  server: ServerUnderTest,
  counts: Counts,
  { seconds, onSample }: { readonly seconds: number; readonly onSample?: () => void },
): Promise<number> {
  const endAt = performance.now() + seconds * 1000;
  const { port } = server;
  const load = startPoliteLoad({ port, clients: CLIENTS, target: "/nap?ms=2", pauseMs: 10 });
  const every = async (pauseMs: number, deed: () => Promise<void>): Promise<void> => {
    while (performance.now() < endAt) {
      await deed();
      await sleep(Math.min(pauseMs, Math.max(0, endAt - performance.now())));
    }
  };
  await Promise.all([
    every(1000, () => crash(server, counts)),
    every(5000, () => killWorker(server, counts)),
    every(15_000, () => hang(server, counts)),
    every(10_000, () => reload(server, counts)),
    every(200, () => abortSome(server, counts)),
    every((seconds * 1000) / SAMPLES, () => Promise.resolve(onSample?.())),
  ]);
  load.stop();
  await load.over;
  assert.deepEqual(load.failures, []);
  return load.answered;
}

async function crash({ port }: ServerUnderTest, counts: Counts): Promise<void> {
  // POST: not safe, so it is not run twice.
  const request = "POST /exit HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  assert.equal((await rawRequest(port, request)).status, 502);
  counts.crashes++;
}

async function killWorker(server: ServerUnderTest, counts: Counts): Promise<void> {
  const [worker] = server.workers;
  if (worker === undefined) return;
  try {
    process.kill(worker, "SIGKILL");
    counts.kills++;
  } catch {
    // It has just ended by itself.
  }
}

async function hang({ port }: ServerUnderTest, counts: Counts): Promise<void> {
  const { status } = await rawRequest(port, message("/hang"));
  // 502 if it was the one that was killed from outside, twice.
  assert.ok(status === 504 || status === 502, `a hanging request: ${status}`);
  counts.hangs++;
}

async function reload(server: ServerUnderTest, counts: Counts): Promise<void> {
  counts.reloads++;
  const version = `v${counts.reloads}-${Math.round(performance.now())}`;
  writeFileSync(join(server.temporaryDirectory, "version"), version);
  server.signal("SIGHUP");
  await waitFor(`version ${version}`, async () => {
    return (await rawRequest(server.port, message("/"))).body.toString().endsWith(version);
  });
}

async function abortSome({ port }: ServerUnderTest, counts: Counts): Promise<void> {
  const upload = `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`;
  const beginnings = [
    "GET / HTTP/1.1\r\nHost: a\r\nX-Half: ",
    upload + "x".repeat(100_000),
    message("/big"),
    message("/stream?n=100000000"),
  ];
  const clients = Array.from({ length: ABORTS_AT_ONCE }, () => new RawClient(port));
  for (const [index, client] of clients.entries()) {
    client.socket.once("data", () => client.pause());
    client.send(beginnings[index % beginnings.length] ?? "");
  }
  await sleep(50);
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) client.reset();
    else client.socket.destroy();
  }
  counts.aborts += clients.length;
}

/** What is there when nothing is asked for. */
async function settled(server: ServerUnderTest): Promise<Figures> {
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
  const processes = 1 + server.zygotes.length + server.workers.length;
  assert.ok(server.workers.every((pid) => childrenOf(pid).length === 0));
  return {
    processes,
    descriptors: openDescriptors(server.pid),
    frontKiB: residentKiB(server.pid),
    zygoteKiB: residentKiB(server.zygotes[0] ?? 0),
  };
}

function shown(before: Figures, after: Figures): string {
  return `before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`;
}
