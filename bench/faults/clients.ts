// Faults of clients: slow, silent, many, gone.

import { setTimeout as sleep } from "node:timers/promises";
import type { RawClient } from "../../test/support/raw-client.ts";
import { message } from "../../test/support/requests.ts";
import {
  connectMany,
  dropAll,
  type Fault,
  serviceFor,
  undisturbed,
  verdict,
  type Verdict,
} from "./fault.ts";
import { holds, type Target } from "./target.ts";

const BESIDE_MS = 3000;
const BEGIN_MS = 500;
const ABORTS = 300;
const BATCH = 25;
/** Connections that ended may still be in the hands of a server's own clock. */
const SETTLE_MS = 4000;
/** Of all processes together: a log that was opened, a worker's pipe. A leak of one for each client would be far beyond it. */
const DESCRIPTOR_SLACK = 10;
const UNDISTURBED = "ordinary requests beside them: all answered, 99 % within 1 s";
const UPLOAD = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";

type Begin = (client: RawClient) => void;

/** Ordinary clients beside a crowd of others. */
async function beside(target: Target, count: number, begin: Begin): Promise<Verdict> {
  const crowd = await connectMany(target.port, count);
  try {
    for (const client of crowd) begin(client);
    await sleep(BEGIN_MS);
    return undisturbed(await serviceFor(target, BESIDE_MS));
  } finally {
    dropAll(crowd);
  }
}

async function dribble(target: Target, count: number, start: string): Promise<Verdict> {
  const crowd = await connectMany(target.port, count);
  const timer = setInterval(() => {
    for (const { socket } of crowd) if (socket.writable) socket.write("x");
  }, 1000);
  try {
    for (const client of crowd) client.send(start);
    await sleep(BEGIN_MS);
    return undisturbed(await serviceFor(target, BESIDE_MS));
  } finally {
    clearInterval(timer);
    dropAll(crowd);
  }
}

/** Many that begin something and go; nothing of them may stay. */
async function abortMany(target: Target, begin: Begin): Promise<Verdict> {
  // The first round makes what such a load makes once: threads, workers, logs.
  await abortSome(target, begin);
  await sleep(SETTLE_MS / 4);
  await target.untilAnswer(SETTLE_MS);
  const processes = target.tree().length;
  const before = target.descriptors();
  await abortSome(target, begin);
  const isFlat = (): boolean => target.descriptors() <= before + DESCRIPTOR_SLACK;
  const settled = await holds(isFlat, SETTLE_MS);
  const answer = await target.untilAnswer(SETTLE_MS);
  const more = Math.max(0, target.descriptors() - before);
  const grown = target.tree().length - processes;
  if (answer === undefined) return verdict(false, "answers no more");
  const figure = `${more} descriptors, ${Math.max(0, grown)} processes more`;
  return verdict(settled && grown <= 0, figure);
}

async function abortSome(target: Target, begin: Begin): Promise<void> {
  for (let done = 0; done < ABORTS; done += BATCH) {
    const clients = await connectMany(target.port, BATCH);
    for (const client of clients) begin(client);
    await sleep(20);
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.reset();
      else client.socket.destroy();
    }
  }
}

export const CLIENT_FAULTS: readonly Fault[] = [
  {
    name: "silent-connections",
    title: "1,000 connections that never send a byte",
    wants: UNDISTURBED,
    put: (target) => beside(target, 1000, () => {}),
  },
  {
    name: "slow-heads",
    title: "1,000 half-sent heads",
    wants: UNDISTURBED,
    put: (target) =>
      beside(target, 1000, (client) => {
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Half: ");
      }),
  },
  {
    name: "idle-connections",
    title: "1,000 idle keep-alive connections",
    wants: UNDISTURBED,
    put: (target) =>
      beside(target, 1000, (client) => {
        client.send(message("GET", "/"));
      }),
  },
  {
    name: "slow-bodies",
    title: "200 uploads at 1 byte/s",
    wants: UNDISTURBED,
    put: (target) => dribble(target, 200, UPLOAD),
  },
  {
    name: "stopped-readers",
    title: "200 readers that stop in the middle of 10 MiB",
    wants: UNDISTURBED,
    put: (target) =>
      beside(target, 200, (client) => {
        client.socket.once("data", () => client.pause());
        client.send(message("GET", "/big"));
      }),
  },
  {
    name: "aborted-heads",
    title: `two times ${ABORTS} clients that go in the middle of a head`,
    wants:
      "no more descriptors and processes after the second time than after the first, and it answers",
    put: (target) =>
      abortMany(target, (client) => {
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Half: ");
      }),
  },
  {
    name: "aborted-uploads",
    title: `two times ${ABORTS} clients that go in the middle of an upload`,
    wants:
      "no more descriptors and processes after the second time than after the first, and it answers",
    put: (target) =>
      abortMany(target, (client) => {
        client.send(UPLOAD + "x".repeat(10_000));
      }),
  },
  {
    name: "aborted-downloads",
    title: `two times ${ABORTS} clients that go in the middle of a download`,
    wants:
      "no more descriptors and processes after the second time than after the first, and it answers",
    put: (target) =>
      abortMany(target, (client) => {
        client.socket.once("data", () => client.pause());
        client.send(message("GET", "/big"));
      }),
  },
  {
    name: "endless-answer",
    title: "the client of a generator that never ends goes",
    wants: "the generator is closed within 5 s",
    put: async (target) => {
      const [client] = await connectMany(target.port, 1);
      client?.send(message("GET", "/stream?n=1000000000000000"));
      await client?.bytes(1_000_000, 5000).catch(() => {});
      client?.reset();
      const closed = await holds(() => target.notes("closed").length > 0, 5000);
      return verdict(closed, closed ? "closed" : "runs on");
    },
  },
  {
    name: "abandoned-requests",
    title: "20 clients go while their requests wait for a worker",
    wants: "none of them is run",
    put: async (target) => {
      const busy = await connectMany(target.port, 40);
      for (const client of busy) client.send(message("GET", "/nap?ms=2500"));
      await sleep(BEGIN_MS);
      const waiting = await connectMany(target.port, 20);
      for (const client of waiting) client.send(message("GET", "/mark"));
      await sleep(BEGIN_MS);
      for (const client of waiting) client.reset();
      await Promise.all(busy.map((client) => client.response("GET", 15_000).catch(() => {})));
      await sleep(BEGIN_MS);
      dropAll(busy);
      const run = target.notes("mark").length;
      return verdict(run === 0, `${run} run for nobody`);
    },
  },
  {
    name: "half-close",
    title: "a client ends its side behind a whole request",
    wants: "it is answered",
    put: async (target) => {
      const [client] = await connectMany(target.port, 1);
      if (client === undefined) return verdict(false, "no connection");
      client.send(message("GET", "/nap?ms=300"));
      client.end();
      const answer = await client.response("GET", 4000).catch(() => undefined);
      client.socket.destroy();
      return verdict(answer?.status === 200, answer === undefined ? "no answer" : "answered");
    },
  },
];
