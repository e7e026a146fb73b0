// What an idle keep-alive connection costs the front in memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { message } from "./requests.ts";
import { startServer, waitFor } from "./server.ts";

/**
 * The pages that the process has written itself: heap, stacks, buffers, in KiB. Not those of Node's binary: each process that runs it counts
 * its share of them, which changes by ten MiB when another test starts or ends.
 */
function anonymousKiB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Pss_Anon:\s+(\d+)/m.exec(rollup)?.[1]);
}

/** A connection that has had one answer. */
function openIdle(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => socket.write(message("GET", "/")));
    socket.on("data", (chunk: Buffer) => {
      if (chunk.includes("Hello")) resolve(socket);
    });
    socket.on("error", reject);
  });
}

async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(50, count - sockets.length) }, () =>
      openIdle(port),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** KiB for each of `count` connections beside `first` others, for which the front has allocated what it allocates once. */
export async function idleConnectionKiB(first: number, count: number): Promise<number> {
  const args = ["--workers", "1", "--keep-alive-timeout", "10m"];
  await using server = await startServer("plain:app", { args });
  const sockets = await openMany(server.port, first);
  const before = await leastKiB(server.pid);
  sockets.push(...(await openMany(server.port, count)));
  const after = await leastKiB(server.pid);
  // One more may be a stranger's, who knew the port of another server.
  const open = server.connections;
  assert.ok(open >= first + count, `${open}`);
  for (const socket of sockets) socket.destroy();
  return (after - before) / count;
}

/** V8 gives back what a burst left behind once it is idle: the least that is seen until it has not fallen for two seconds. */
async function leastKiB(pid: number): Promise<number> {
  let least = Infinity;
  let sameFor = 0;
  await waitFor("memory that falls no more", async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = anonymousKiB(pid);
    sameFor = now < least - 100 ? 0 : sameFor + 1;
    least = Math.min(least, now);
    return sameFor >= 20;
  });
  return least;
}
