import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  childrenOf,
  isAlive,
  memoryMaps,
  openDescriptors,
  zombiesOf,
} from "../support/processes.ts";
import { openGate } from "../support/record.ts";
import { get, post } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

const WORKERS = 40;
/** Few and large: who dies young again and again is replaced later and later. */
const ROUNDS = 5;
/** Python's own memory comes and goes in maps. */
const SLACK = 10;

describe("200 workers that die", () => {
  it("cost no descriptor, no memory map and no zombie", async () => {
    await using server = await startServer("dying:app", { args: ["--workers", String(WORKERS)] });
    await waitFor("all workers", () => server.workers.length === WORKERS);
    const [zygote = 0] = server.zygotes;
    assert.equal((await get(server.port, "/survive")).status, 200);
    const counts = (): number[] => [
      openDescriptors(server.pid),
      openDescriptors(zygote),
      memoryMaps(zygote),
    ];
    // Every worker has its channel: nothing has changed for a while.
    let before = counts();
    let sameFor = 0;
    await waitFor("steady counts", () => {
      const now = counts();
      sameFor = now.join() === before.join() ? sameFor + 1 : 0;
      before = now;
      return sameFor === 20;
    });
    for (let round = 0; round < ROUNDS; round++) {
      // All at once: their SIGCHLD arrive as few, or one.
      const victims = server.workers;
      for (const pid of victims) process.kill(pid, "SIGKILL");
      await waitFor("as many others", () => {
        return (
          server.workers.length === WORKERS && !server.workers.some((pid) => victims.includes(pid))
        );
      });
    }
    assert.equal((await post(server.port, "/survive")).status, 200);
    // One of anything for each death would be 200.
    await waitFor(`no more than ${before.join(" ")}`, () =>
      counts().every((count, index) => count <= (before[index] ?? 0) + SLACK),
    );
    assert.deepEqual([...zombiesOf(server.pid), ...zombiesOf(zygote)], []);
    assert.deepEqual(server.zygotes, [zygote]);
  });
});

describe("a process that the application leaves behind", () => {
  it("becomes a child of the zygote, which reaps it", async () => {
    await using server = await startServer("orphaning:app", { args: ["--workers", "1"] });
    const [zygote = 0] = server.zygotes;
    const orphan = Number((await get(server.port, "/")).body.toString());
    await waitFor("its adoption", () => childrenOf(zygote).includes(orphan));
    openGate(server, "end");
    await waitFor("its end", () => !isAlive(orphan));
    await waitFor("its burial", () => !childrenOf(zygote).includes(orphan));
    assert.equal((await get(server.port, "/")).status, 200);
    await server.logged(" serving ");
    assert.ok(!server.stderr.includes("error"), server.stderr);
  });
});
