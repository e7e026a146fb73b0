// What a fault is, and what ordinary clients see beside it.

import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "../../test/support/raw-client.ts";
import { message } from "../../test/support/requests.ts";
import type { StartOptions, Target } from "./target.ts";

export interface Verdict {
  readonly ok: boolean;
  /** A few words: what was counted. */
  readonly figure: string;
}

export interface Fault {
  readonly name: string;
  /** What is done. */
  readonly title: string;
  /** What has to be true for it to pass. */
  readonly wants: string;
  readonly start?: StartOptions;
  put(target: Target): Promise<Verdict>;
}

export function verdict(ok: boolean, figure: string): Verdict {
  return { ok, figure };
}

/** Ordinary keep-alive clients. */
const CLIENTS = 8;
/** Who has no answer by then has gone, and tells others. */
const PATIENCE_MS = 3000;

export interface Service {
  answered: number;
  failed: number;
  readonly latenciesMs: number[];
}

export interface ServiceOptions {
  readonly path?: string;
  readonly clients?: number;
  readonly pauseMs?: number;
}

/** What ordinary clients see while `until` is pending. A request that is sent is waited for. */
export async function serviceDuring(
  target: Target,
  until: Promise<unknown>,
  options: ServiceOptions = {},
): Promise<Service> {
  const seen: Service = { answered: 0, failed: 0, latenciesMs: [] };
  const state = { isOver: false };
  const over = until.finally(() => {
    state.isOver = true;
  });
  const run = async (): Promise<void> => {
    let client: RawClient | undefined;
    while (!state.isOver) {
      client ??= new RawClient(target.port);
      const keeps = await exchange(client, options.path ?? "/", seen);
      if (!keeps) {
        client[Symbol.dispose]();
        client = undefined;
      }
      await sleep(options.pauseMs ?? 20);
    }
    client?.[Symbol.dispose]();
  };
  await Promise.all([over, ...Array.from({ length: options.clients ?? CLIENTS }, run)]);
  return seen;
}

/** Whether the connection can be used again. */
async function exchange(client: RawClient, path: string, seen: Service): Promise<boolean> {
  const sentAt = performance.now();
  try {
    client.send(message("GET", path));
    const answer = await client.response("GET", PATIENCE_MS);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    seen.answered++;
    seen.latenciesMs.push(performance.now() - sentAt);
    return answer.fields.get("connection")?.toLowerCase() !== "close" && !client.hasEnded;
  } catch {
    seen.failed++;
    return false;
  }
}

export function serviceFor(target: Target, ms: number, options?: ServiceOptions): Promise<Service> {
  return serviceDuring(target, sleep(ms), options);
}

/** A time that a user does not notice, on a busy machine too. */
const QUICK_MS = 1000;

/** All were served, and quickly. */
export function undisturbed({ answered, failed, latenciesMs }: Service): Verdict {
  const p99 = quantile(latenciesMs, 0.99);
  const figure =
    failed === 0
      ? `p99 ${Math.round(p99)} ms`
      : `${failed} of ${answered + failed} requests unanswered`;
  return verdict(failed === 0 && answered > 0 && p99 < QUICK_MS, figure);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
}

/** Clients that are connected, some at a time; those that could not are left out. */
export async function connectMany(port: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () => new RawClient(port));
    await Promise.all(batch.map(connected));
    clients.push(...batch);
  }
  return clients;
}

async function connected({ socket }: RawClient): Promise<void> {
  await Promise.race([
    new Promise((resolve) => {
      socket.once("connect", resolve);
      socket.once("close", resolve);
    }),
    sleep(QUICK_MS, undefined, { ref: false }),
  ]);
}

export function dropAll(clients: readonly RawClient[]): void {
  for (const { socket } of clients) socket.destroy();
}
