// Faults of the application: it crashes, hangs, leaves children behind, or does not start.

import { setTimeout as sleep } from "node:timers/promises";
import { message } from "../../test/support/requests.ts";
import {
  connectMany,
  dropAll,
  type Fault,
  serviceDuring,
  serviceFor,
  undisturbed,
  verdict,
  type Verdict,
} from "./fault.ts";
import { holds, type Target } from "./target.ts";

const RUN_MS = 1500;
const RECOVERY_MS = 5000;

/** Six requests are running; a seventh ends its process. */
async function crashBeside(target: Target, path: string): Promise<Verdict> {
  const clients = await connectMany(target.port, 6);
  for (const client of clients) client.send(message("POST", `/nap?ms=${RUN_MS}`, "body"));
  await sleep(RUN_MS / 3);
  const [crashing] = await connectMany(target.port, 1);
  crashing?.send(message("GET", path));
  const answers = await Promise.all(
    clients.map((client) => client.response("GET", RUN_MS + RECOVERY_MS).catch(() => undefined)),
  );
  const lost = answers.filter((answer) => answer?.status !== 200).length;
  const recovery = await target.untilAnswer(RECOVERY_MS);
  dropAll([...clients, ...(crashing === undefined ? [] : [crashing])]);
  if (recovery === undefined) return verdict(false, `${lost} of 6 lost, then down`);
  return verdict(lost === 0, `${lost} of 6 lost`);
}

/** Beside ordinary requests, one after the other. */
async function crashAgainAndAgain(target: Target): Promise<Verdict> {
  const processes = target.tree().length;
  const crashes = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      const [client] = await connectMany(target.port, 1);
      client?.send(message("GET", "/exit"));
      await client?.response("GET", 2000).catch(() => {});
      client?.socket.destroy();
      await sleep(200);
    }
  };
  const { answered, failed } = await serviceDuring(target, crashes());
  const isBack = (): boolean => target.zombies() === 0 && target.tree().length >= processes;
  const back = await holds(isBack, RECOVERY_MS);
  const answer = await target.untilAnswer(RECOVERY_MS);
  const zombies = target.zombies();
  if (answer === undefined) return verdict(false, "down");
  return verdict(
    back && failed === 0 && answered > 0,
    `${failed} others lost, ${zombies} zombies${back ? "" : ", processes missing"}`,
  );
}

async function killWorker(target: Target): Promise<Verdict> {
  const kills = async (): Promise<void> => {
    await sleep(500);
    const pid = Number(await target.ask("/pid"));
    if (pid > 0) process.kill(pid, "SIGKILL");
    await sleep(2500);
  };
  const { answered, failed } = await serviceDuring(target, kills(), { path: "/nap?ms=20" });
  const answer = await target.untilAnswer(RECOVERY_MS);
  if (answer === undefined) return verdict(false, "down");
  return verdict(
    failed === 0 && answered > 0,
    `${failed} requests lost, ${target.zombies()} zombies`,
  );
}

/** As many as all that can run at once, and more. */
async function hangMany(target: Target): Promise<Verdict> {
  const clients = await connectMany(target.port, 40);
  for (const client of clients) client.send(message("GET", "/hang"));
  await sleep(500);
  const ms = await target.untilAnswer(9000);
  dropAll(clients);
  return ms === undefined
    ? verdict(false, "no answer in 9 s")
    : verdict(true, `served after ${(ms / 1000).toFixed(1)} s`);
}

async function hangOne(target: Target, path: string): Promise<Verdict> {
  const clients = await connectMany(target.port, 1);
  for (const client of clients) client.send(message("GET", path));
  await sleep(200);
  const service = await serviceFor(target, 4000);
  dropAll(clients);
  return undisturbed(service);
}

export const WORKER_FAULTS: readonly Fault[] = [
  {
    name: "crash",
    title: "os._exit() in one request while six others run",
    wants: "all six are answered, and it serves on",
    put: (target) => crashBeside(target, "/exit"),
  },
  {
    name: "segfault",
    title: "a segmentation fault in one request while six others run",
    wants: "all six are answered, and it serves on",
    put: (target) => crashBeside(target, "/segv"),
  },
  {
    name: "crashes-in-a-row",
    title: "os._exit() five times beside ordinary requests",
    wants: "no other request is lost, no zombie, as many processes as before",
    put: crashAgainAndAgain,
  },
  {
    name: "killed-worker",
    title: "kill -9 of the process that runs requests, under load",
    wants: "no request is lost (they are GET: safe to run again)",
    put: killWorker,
  },
  {
    name: "hang-one",
    title: "one request sleeps for a minute; time-out 2 s",
    wants: "ordinary requests beside it: all answered, 99 % within 1 s",
    start: { endsHangs: true },
    put: (target) => hangOne(target, "/hang"),
  },
  {
    name: "hang-with-gil",
    title: "one request hangs in C code and lets no thread of its process run; time-out 2 s",
    wants: "ordinary requests beside it: all answered, 99 % within 1 s",
    start: { endsHangs: true },
    put: (target) => hangOne(target, "/c"),
  },
  {
    name: "hang-many",
    title: "40 requests sleep for a minute; time-out 2 s",
    wants: "others are served within 9 s",
    start: { endsHangs: true },
    put: hangMany,
  },
  {
    name: "children",
    title: "the application starts 100 programs and waits for none; its workers are then killed",
    wants: "no zombie stays, and it serves on",
    put: async (target) => {
      for (let i = 0; i < 20; i++) await target.ask("/spawn");
      const workers = new Set<number>();
      for (let i = 0; i < 20; i++) workers.add(Number(await target.ask("/pid")));
      for (const pid of workers) if (pid > 0 && pid !== target.pid) process.kill(pid, "SIGKILL");
      const gone = await holds(() => target.zombies() === 0, RECOVERY_MS);
      const answer = await target.untilAnswer(RECOVERY_MS);
      const zombies = target.zombies();
      return verdict(
        gone && answer !== undefined,
        answer === undefined ? "down" : `${zombies} zombies`,
      );
    },
  },
  {
    name: "broken-application",
    title: "the application does not import",
    wants: "it ends with a status that is not 0 within 8 s",
    start: { version: "broken", isUnready: true },
    put: async (target) => {
      const ended = await holds(() => target.hasEnded, 8000);
      if (!ended) return verdict(false, "does not end");
      return verdict(target.exitCode !== 0, `status ${String(target.exitCode)}`);
    },
  },
];
