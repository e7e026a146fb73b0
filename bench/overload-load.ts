// Two kinds of load for the measurement of overload: clients that wait for their answers, and requests that come whatever is answered.
// Each request is on a connection of its own. Knows no servers.

import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

export interface Outcome {
  /** 0 where the connection failed. */
  readonly status: number;
  readonly latencyMs: number;
  /** When it was over. */
  readonly at: number;
}

export function ask(port: number): Promise<Outcome> {
  const sentAt = performance.now();
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(REQUEST));
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", () => {}); // "close" follows, without an answer.
    socket.on("close", () => {
      const at = performance.now();
      resolve({ status: Number(answer.slice(9, 12)), latencyMs: at - sentAt, at });
    });
  });
}

/** Requests a second that were answered well. */
export async function closedLoop(
  port: number,
  { clients, ms }: { readonly clients: number; readonly ms: number },
): Promise<number> {
  const endAt = performance.now() + ms;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < endAt) {
      const { status, at } = await ask(port);
      if (status === 200 && at <= endAt) answered++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (answered * 1000) / ms;
}

/** Resolves when all have ended. */
export async function openLoop(
  port: number,
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
): Promise<Outcome[]> {
  const beganAt = performance.now();
  const outcomes: Promise<Outcome>[] = [];
  while (performance.now() - beganAt < ms) {
    const due = ((performance.now() - beganAt) * perSecond) / 1000;
    while (outcomes.length < due) outcomes.push(ask(port));
    await sleep(1);
  }
  return Promise.all(outcomes);
}

/** Of values in ascending order. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
