// Many requests from keep-alive clients, each of which sends its next one when the last was answered. Event-driven, so that latencies mean
// something; reads only answers with a Content-Length, which all test applications give.

import { connect, type Socket } from "node:net";
import { message } from "./requests.ts";

export interface Outcome {
  readonly target: string;
  /** 0 when the connection ended or broke first. */
  readonly status: number;
  readonly body: string;
  readonly latencyMs: number;
  /** How many of all clients' requests were answered meanwhile: what a machine that stands still does not change. */
  readonly overtakenBy: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly clients: number;
  readonly method: "GET" | "POST";
  /** The next request's target; undefined ends the client that asked. */
  next(client: number): string | undefined;
  /** Each client waits so long between an answer and its next request. */
  readonly pauseMs?: number;
}

/** Resolves when every client has ended, with what became of each request. */
export async function runLoad(options: LoadOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const clients = Array.from({ length: options.clients }, (_, client) =>
    runClient(options, client, outcomes),
  );
  await Promise.all(clients);
  return outcomes;
}

function runClient(options: LoadOptions, client: number, outcomes: Outcome[]): Promise<void> {
  return new Promise((resolve) => {
    let received = "";
    let target: string | undefined;
    let sentAt = 0;
    let sentAfter = 0;
    const socket: Socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    const sendNext = (): void => {
      target = options.next(client);
      if (target === undefined) {
        socket.end();
        return;
      }
      sentAt = performance.now();
      sentAfter = outcomes.length;
      socket.write(message(options.method, target, options.method === "POST" ? "body" : ""));
    };
    const over = (status: number, body: string): void => {
      if (target === undefined) return;
      const latencyMs = performance.now() - sentAt;
      outcomes.push({ target, status, body, latencyMs, overtakenBy: outcomes.length - sentAfter });
      target = undefined;
    };
    socket.setEncoding("latin1");
    socket.on("connect", sendNext);
    socket.on("data", (text: string) => {
      received += text;
      const answer = takeAnswer(received);
      if (answer === undefined) return;
      received = "";
      over(answer.status, answer.body);
      if (options.pauseMs === undefined) sendNext();
      else setTimeout(sendNext, options.pauseMs);
    });
    socket.on("error", () => {}); // "close" follows, and counts the request as failed.
    socket.on("close", () => {
      over(0, received);
      resolve();
    });
  });
}

function takeAnswer(text: string): { status: number; body: string } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, headEnd))?.[1]);
  const body = text.slice(headEnd + 4);
  return body.length < length ? undefined : { status: Number(text.slice(9, 12)), body };
}

/** `count` requests, whichever client comes first; the target is made from the number of the request. */
export function numbered(
  count: number,
  target: (index: number) => string,
): () => string | undefined {
  let index = 0;
  return () => (index < count ? target(index++) : undefined);
}

/** The targets that were not answered with 200, with their status. */
export function failuresOf(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ status }) => status !== 200)
    .map(({ status, target }) => `${target}: ${status}`);
}
