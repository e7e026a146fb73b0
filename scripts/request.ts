// bin/request.sh: sends COUNT requests, CONCURRENCY at once, over kept connections; counts answers and times them.
// A look at a running server, not a benchmark: bench/ measures.

import { Agent, get } from "node:http";

/** After this the request counts as failed; the server's own time-outs answer earlier. */
const TIMEOUT_MS = 60_000;

interface Totals {
  readonly durationsMs: number[];
  readonly failures: Map<string, number>;
}

function usage(reason: string): never {
  process.stderr.write(
    `request: ${reason}; write bin/request.sh [COUNT [CONCURRENCY [http://HOST:PORT/PATH]]]\n`,
  );
  process.exit(2);
}

function readCount(text: string, max: number): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1 || value > max)
    usage(`${text} is no number from 1 to ${max}`);
  return value;
}

/** The status, or what went wrong before there was one. An answer counts once it is whole. */
function request(url: URL, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
    const sent = get(url, { agent, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on("end", () => resolve(String(response.statusCode)));
      response.on("error", fail);
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", fail);
  });
}

async function sendAll(url: URL, count: number, concurrency: number): Promise<Totals> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const totals: Totals = { durationsMs: [], failures: new Map() };
  let left = count;
  const sendInTurn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startMs = performance.now();
      const outcome = await request(url, agent);
      if (/^[23]/.test(outcome)) totals.durationsMs.push(performance.now() - startMs);
      else totals.failures.set(outcome, (totals.failures.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sendInTurn));
  agent.destroy();
  return totals;
}

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(1);
}

const [countText = "100", concurrencyText = "10", urlText = "http://127.0.0.1:8888/"] =
  process.argv.slice(2);
const count = readCount(countText, 10_000_000);
const concurrency = Math.min(count, readCount(concurrencyText, 10_000));
const url = URL.canParse(urlText) ? new URL(urlText) : usage(`${urlText} is no URL`);
if (url.protocol !== "http:") usage(`${urlText} does not start with http://`);

const startMs = performance.now();
const { durationsMs, failures } = await sendAll(url, count, concurrency);
const seconds = (performance.now() - startMs) / 1000;
const sorted = durationsMs.toSorted((first, second) => first - second);
process.stdout.write(`${sorted.length} of ${count} succeeded in ${seconds.toFixed(2)} s: `);
process.stdout.write(`${Math.round(sorted.length / seconds)} requests/s, `);
process.stdout.write(`p50 ${percentile(sorted, 0.5)} ms, p99 ${percentile(sorted, 0.99)} ms\n`);
for (const [reason, times] of failures) process.stdout.write(`failed with ${reason}: ${times}\n`);
process.exitCode = failures.size === 0 ? 0 : 1;
