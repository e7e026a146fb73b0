// Who is killed without warning, and what must not be left of it (design section 1, No orphans).

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { failuresOf, runLoad } from "../support/load.ts";
import { isAlive, stateOf } from "../support/processes.ts";
import { noted, openGate, recordOf } from "../support/record.ts";
import { begin, get, post } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const lastNumber = (line: string): number => Number(line.split(" ").at(-1));

describe("kill -9 of the front", () => {
  it("leaves no process and no directory, whatever the workers do", async () => {
    const args = ["--workers", "3", "--graceful-timeout", "500ms"];
    await using server = await startServer("hanging:app", { args });
    using hung = begin(server.port, "GET", "/c");
    await noted(server, /^GET \/c in/);
    using sleeping = begin(server.port, "GET", "/sleep");
    await noted(server, /^GET \/sleep in/);
    const tree = [...server.zygotes, ...server.workers];
    assert.equal(tree.length, 4);
    server.signal("SIGKILL");
    await waitFor("the end of all", () => !tree.some(isAlive));
    await Promise.all([hung.ended(), sleeping.ended()]);
  });

  it("also when a worker is stopped", async () => {
    const args = ["--workers", "2", "--graceful-timeout", "500ms"];
    await using server = await startServer("plain:app", { args });
    await waitFor("two workers", () => server.workers.length === 2);
    const tree = [...server.zygotes, ...server.workers];
    const [stopped = 0] = server.workers;
    process.kill(stopped, "SIGSTOP");
    await waitFor("the stop", () => stateOf(stopped) === "T");
    server.signal("SIGKILL");
    await waitFor("the end of all", () => !tree.some(isAlive));
  });

  for (const preload of ["on", "off"]) {
    it(`also while the application is imported (--preload ${preload})`, async () => {
      const args = ["--workers", "1", "--preload", preload, "--graceful-timeout", "500ms"];
      const server = new ServerUnderTest("test/apps/slow_import:app", { args });
      await using _ = server;
      await noted(server, "importing");
      const tree = [...server.zygotes, ...server.workers];
      server.signal("SIGKILL");
      await waitFor("the end of all", () => !tree.some(isAlive));
    });
  }

  it("a public Unix socket that it left is replaced at the next start", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "public.sock");
    const options = { directory, args: ["--workers", "1", "--bind", `unix:${path}`] };
    const killed = await startServer("plain:app", options);
    const tree = [...killed.zygotes, ...killed.workers];
    killed.signal("SIGKILL");
    await killed.exited();
    await waitFor("the end of all", () => !tree.some(isAlive));
    assert.ok(existsSync(path));
    await using server = await startServer("plain:app", options);
    assert.equal((await get(path, "/")).status, 200);
    await server.exitAfterDrain();
    assert.ok(!existsSync(path), readdirSync(directory).join(" "));
  });
});

describe("kill -9 of the zygote", () => {
  it("old workers serve on until new ones do; nothing is lost", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    const { zygotes, workers } = server;
    using running = begin(server.port, "POST", "/held");
    await noted(server, /^POST held in/);
    let isOver = false;
    let count = 0;
    const load = runLoad({
      port: server.port,
      clients: 4,
      method: "POST",
      pauseMs: 3,
      next: () => (isOver ? undefined : `/free/${count++}`),
    });
    process.kill(zygotes[0] ?? 0, "SIGKILL");
    // Only one: the worker that is held counts for the maximum, across generations.
    await waitFor("a new zygote and a new worker", () => {
      return server.workers.length > 0 && server.zygotes[0] !== zygotes[0];
    });
    const seen = count;
    await waitFor("more load", () => count > seen + 20);
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
    await waitFor("the old workers to go", () => !workers.some(isAlive));
    isOver = true;
    assert.deepEqual(failuresOf(await load), []);
    const runs = recordOf(server).map((line) => line.split(" in ")[0]);
    assert.equal(new Set(runs).size, runs.length, "something ran twice");
    await server.logged(/error: the zygote has ended/);
  });

  it("together with a worker: who had not begun is answered, who had gets 502 or runs once more", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "1"] });
    using running = begin(server.port, "POST", "/held");
    const worker = lastNumber(await noted(server, /^POST held in/));
    using waiting = begin(server.port, "POST", "/free/1");
    await waitFor("both connections", () => server.connections === 2);
    for (const pid of [...server.zygotes, worker]) process.kill(pid, "SIGKILL");
    assert.equal((await running.response()).status, 502);
    assert.equal((await waiting.response()).status, 200);
    assert.equal((await post(server.port, "/free/2")).status, 200);
    const names = recordOf(server).map((line) => line.split(" ")[1]);
    assert.deepEqual(names, ["held", "free/1", "free/2"]);
  });

  it("with a worker that was stopped for a withdrawal: it goes on", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "1"] });
    using running = begin(server.port, "GET", "/held");
    const worker = lastNumber(await noted(server, /^GET held in/));
    const [zygote = 0] = server.zygotes;
    // As if the zygote had died between its SIGSTOP and its SIGCONT.
    process.kill(worker, "SIGSTOP");
    await waitFor("the stop", () => stateOf(worker) === "T");
    process.kill(zygote, "SIGKILL");
    await waitFor("SIGCONT", () => stateOf(worker) !== "T");
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
    await waitFor("its end", () => !isAlive(worker));
  });

  it("again and again, and the front's end still leaves nothing", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "2"] });
    const seen = new Set<number>();
    for (let round = 0; round < 3; round++) {
      const zygote = await waitFor("a zygote with two workers", () => {
        const [found = 0] = server.zygotes;
        return server.workers.length === 2 && !seen.has(found) && found;
      });
      seen.add(zygote);
      for (const pid of server.workers) seen.add(pid);
      process.kill(zygote, "SIGKILL");
    }
    await waitFor("the last zygote", () => {
      return server.workers.length === 2 && !server.workers.some((pid) => seen.has(pid));
    });
    assert.equal((await get(server.port, "/")).status, 200);
    await server.exitAfterDrain();
    await waitFor("the end of all", () => ![...seen].some(isAlive));
  });
});
