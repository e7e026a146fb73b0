// Faults of operation: stop and reload under load, signals to all, a killed parent, too few descriptors.

import { setTimeout as sleep } from "node:timers/promises";
import { startPoliteLoad } from "../../test/support/polite-load.ts";
import type { RawClient } from "../../test/support/raw-client.ts";
import { message } from "../../test/support/requests.ts";
import { connectMany, dropAll, type Fault, serviceDuring, verdict, type Verdict } from "./fault.ts";
import { holds, type Target } from "./target.ts";

const STOP_MS = 9000;
const NO_RELOAD = verdict(false, "it cannot");

/** Under load of clients that heed `Connection: close`. */
async function stopUnderLoad(target: Target): Promise<Verdict> {
  const load = startPoliteLoad({ port: target.port, clients: 16, target: "/nap?ms=20" });
  await sleep(1500);
  target.tree();
  target.signal("SIGTERM");
  const ended = await holds(() => target.hasEnded && target.leftOver().length === 0, STOP_MS);
  load.stop();
  if (!ended) return verdict(false, "does not end in 9 s");
  await Promise.race([load.over, sleep(2000, undefined, { ref: false })]);
  const lost = load.failures.length;
  return verdict(lost === 0 && target.exitCode === 0, `${lost} lost, status ${target.exitCode}`);
}

/** What runs at the signal is answered. */
async function stopWithRunning(target: Target, signal: () => void): Promise<Verdict> {
  const clients = await connectMany(target.port, 4);
  for (const client of clients) client.send(message("POST", "/nap?ms=2000", "body"));
  await sleep(700);
  signal();
  const answers = await Promise.all(
    clients.map((client) => client.response("GET", 5000).catch(() => undefined)),
  );
  const lost = answers.filter((answer) => answer?.status !== 200).length;
  dropAll(clients);
  const ended = await holds(() => target.hasEnded && target.leftOver().length === 0, STOP_MS);
  return verdict(lost === 0 && ended, `${lost} of 4 lost${ended ? "" : ", does not end in 9 s"}`);
}

async function reloads(target: Target): Promise<Verdict> {
  const { reload } = target.contender;
  if (reload === undefined) return NO_RELOAD;
  let arrived = 0;
  const turns = async (): Promise<void> => {
    for (let version = 1; version <= 3; version++) {
      target.setVersion(String(version));
      target.signal(reload);
      const endAt = performance.now() + 4000;
      while (performance.now() < endAt) {
        if ((await target.ask())?.endsWith(` ${version}`) === true) {
          arrived++;
          break;
        }
        await sleep(50);
      }
    }
  };
  const { answered, failed } = await serviceDuring(target, turns(), {
    path: "/nap?ms=10",
    pauseMs: 5,
  });
  return verdict(
    failed === 0 && answered > 0 && arrived === 3,
    `${failed} of ${answered + failed} lost, ${arrived} of 3 arrived`,
  );
}

async function brokenReload(target: Target): Promise<Verdict> {
  const { reload } = target.contender;
  if (reload === undefined) return NO_RELOAD;
  target.setVersion("broken");
  target.signal(reload);
  const { answered, failed } = await serviceDuring(target, sleep(5000));
  const text = await target.ask();
  if (text === undefined) return verdict(false, "down");
  return verdict(failed === 0 && answered > 0 && text.endsWith(" 0"), `${failed} lost`);
}

async function killParent(target: Target): Promise<Verdict> {
  await target.untilAnswer(1000);
  target.tree();
  target.signal("SIGKILL");
  const gone = await holds(() => target.leftOver().length === 0, 6000);
  return verdict(gone, gone ? "nothing left" : `${target.leftOver().length} processes left`);
}

/** Each asks once, as soon as it is connected, and stays. No more at once than such a server has room for. */
async function fewDescriptors(target: Target): Promise<Verdict> {
  const clients: RawClient[] = [];
  let answered = 0;
  while (clients.length < 100) {
    const batch = await connectMany(target.port, 4);
    clients.push(...batch);
    await Promise.all(
      batch.map(async (client) => {
        client.send(message("GET", "/"));
        const answer = await client.response("GET", 2000).catch(() => undefined);
        if (answer?.status === 200) answered++;
      }),
    );
  }
  const later = await target.untilAnswer(3000);
  dropAll(clients);
  return verdict(
    answered === 100 && later !== undefined,
    `${answered} of 100 answered${later === undefined ? ", then none" : ""}`,
  );
}

export const OPERATION_FAULTS: readonly Fault[] = [
  {
    name: "stop-under-load",
    title: "SIGTERM under load of 16 keep-alive clients",
    wants: "no request is lost, status 0, nothing left after 9 s",
    put: stopUnderLoad,
  },
  {
    name: "stop-with-running",
    title: "SIGTERM while four requests run for 2 s",
    wants: "they are answered, then it ends",
    put: (target) =>
      stopWithRunning(target, () => {
        target.tree();
        target.signal("SIGTERM");
      }),
  },
  {
    name: "stop-all-at-once",
    title: "SIGTERM to every process at once while four requests run for 2 s",
    wants: "they are answered, then it ends",
    put: (target) =>
      stopWithRunning(target, () => {
        for (const pid of target.tree()) process.kill(pid, "SIGTERM");
      }),
  },
  {
    name: "killed-parent",
    title: "kill -9 of the first process",
    wants: "no other process is left after 6 s",
    put: killParent,
  },
  {
    name: "reload-under-load",
    title: "three reloads of new code under load",
    wants: "no request is lost, and the new code answers",
    put: reloads,
  },
  {
    name: "reload-broken",
    title: "a reload of code that does not import",
    wants: "the old code serves on, and no request is lost",
    put: brokenReload,
  },
  {
    name: "few-descriptors",
    title: "ulimit -n 64 and 100 clients, one after the other, that stay connected",
    wants: "all are answered, and others afterwards",
    start: { descriptors: 64 },
    put: fewDescriptors,
  },
];
