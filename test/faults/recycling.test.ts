// Workers that have served long enough are replaced, and nobody notices: --max-requests, --max-age, --max-memory, --max-replacing.

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { failuresOf, numbered, runLoad } from "../support/load.ts";
import { isAlive, memoryMaps, openDescriptors, zombiesOf } from "../support/processes.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get, post } from "../support/requests.ts";
import { runsOf } from "../support/runs.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const pidOf = async (server: ServerUnderTest, target = "/"): Promise<number> =>
  Number((await get(server.port, target)).body.toString());

/** What a leak of each replacement would make grow. */
function counts(server: ServerUnderTest): number[] {
  const [zygote = 0] = server.zygotes;
  return [openDescriptors(server.pid), openDescriptors(zygote), memoryMaps(zygote)];
}

/** Unix sockets of that directory, those included that wait to be accepted. */
function socketsIn(directory: string): number {
  const lines = readFileSync("/proc/net/unix", "latin1").split("\n");
  return lines.filter((line) => line.includes(directory)).length;
}

describe("--max-requests 50 under load", () => {
  it("loses none of 6,000 requests, runs none twice, and leaves nothing behind", async () => {
    const REQUESTS = 6000;
    const args = ["--workers", "2", "--max-requests", "50", "--max-requests-jitter", "20"];
    await using server = await startServer("counting:app", { args });
    await waitFor("two workers", () => server.workers.length === 2);
    assert.deepEqual(failuresOf(await runLoad(load(server, 500))), []);
    const [zygote = 0] = server.zygotes;
    await waitFor("two workers again", () => server.workers.length === 2);
    const before = counts(server);

    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, server.workers.length);
    }, 5);
    const outcomes = await runLoad(load(server, REQUESTS));
    clearInterval(watch);
    assert.equal(outcomes.length, REQUESTS);
    assert.deepEqual(failuresOf(outcomes), []);
    const runs = runsOf(server);
    assert.equal(new Set(runs).size, runs.length, "something ran twice");
    assert.equal(runs.length, REQUESTS + 500);

    // Each replaced at the earliest after 50, and while its successor starts it serves on.
    const replaced = server.stderr.match(/served \d+ requests \(--max-requests\)/g) ?? [];
    assert.ok(replaced.length >= 5, `${replaced.length} replacements`);
    assert.ok(replaced.length <= (REQUESTS + 500) / 50, `${replaced.length} replacements`);
    // Two, the successor of one, and those that have finished and wait for their burial.
    assert.ok(most <= 5, `${most} workers at once`);
    await waitFor("two workers in the end", () => server.workers.length === 2);
    await waitFor(`no more than ${before.join(" ")}`, () =>
      counts(server).every((count, index) => count <= (before[index] ?? 0) + 10),
    );
    assert.deepEqual([...zombiesOf(server.pid), ...zombiesOf(zygote)], []);
    assert.doesNotMatch(server.stderr, /error|warning/);
  });

  it("also while their number grows and a reload comes between", async () => {
    const args = ["--workers", "1:4", "--max-requests", "25", "--max-replacing", "2"];
    await using server = await startServer("counting:app", { args });
    const first = runLoad(load(server, 1500));
    await server.logged(/served 25 requests \(--max-requests\)/);
    server.signal("SIGHUP");
    assert.deepEqual(failuresOf(await first), []);
    await server.logged(/generation 2 serves/);
    assert.deepEqual(failuresOf(await runLoad(load(server, 500))), []);
    const runs = runsOf(server);
    assert.equal(new Set(runs).size, runs.length, "something ran twice");
    assert.doesNotMatch(server.stderr, /error|warning/);
  });

  it("also of workers with threads, and when many connections wait", async () => {
    const args = ["--workers", "2", "--threads", "3", "--max-requests", "30"];
    await using server = await startServer("counting:app", { args });
    const outcomes = await runLoad({ ...load(server, 2000), clients: 64 });
    assert.deepEqual(failuresOf(outcomes), []);
    const runs = runsOf(server);
    assert.equal(new Set(runs).size, runs.length, "something ran twice");
    assert.match(server.stderr, /served 30 requests \(--max-requests\): it is to be replaced/);
    assert.doesNotMatch(server.stderr, /error|warning/);
  });
});

/** POSTs: none is repeated to hide a loss. One of 40 takes 20 ms, so that windows are withdrawn beside it. */
function load(server: ServerUnderTest, count: number): Parameters<typeof runLoad>[0] {
  const first = runsOf(server).length;
  const next = numbered(count, (index) => `/${first + index}${index % 40 === 0 ? "?20" : ""}`);
  return { port: server.port, clients: 16, method: "POST", next };
}

describe("a worker over its limit", () => {
  it("serves on until its successor is ready, and finishes what it runs", async () => {
    const args = ["--workers", "1", "--max-requests", "2", "--preload", "off"];
    await using server = await startServer("reluctant:app", { args });
    writeFileSync(join(server.temporaryDirectory, "later"), "wait");
    const old = await pidOf(server);
    assert.equal(await pidOf(server), old);
    await noted(server, "import wait");
    for (let count = 0; count < 10; count++) assert.equal(await pidOf(server), old);

    using running = begin(server.port, "POST", "/gate/held");
    await noted(server, `waiting in ${old}`);
    openGate(server, "import");
    const successor = await pidOf(server);
    assert.notEqual(successor, old);
    assert.ok(isAlive(old), "it has yet to answer");
    openGate(server, "held");
    assert.equal((await running.response()).body.toString(), String(old));
    await waitFor("its end", () => !isAlive(old));
    await server.logged(`(pid ${old}) served 2 requests (--max-requests): it is to be replaced`);
  });

  it("is no reason to give up when its successor dies: another try follows", async () => {
    const args = ["--workers", "1", "--max-requests", "1", "--preload", "off"];
    await using server = await startServer("reluctant:app", { args });
    writeFileSync(join(server.temporaryDirectory, "later"), "exit");
    const old = await pidOf(server);
    await server.logged(/worker 2 \(pid \d+\) exited with status 7 before it was ready/);
    await server.logged(/worker 3 \(pid \d+\) exited with status 7 before it was ready/);
    assert.equal(await pidOf(server), old);
    rmSync(join(server.temporaryDirectory, "later"));
    await waitFor("its end", () => !isAlive(old));
    assert.notEqual(await pidOf(server), old);
  });

  it("whose successor dies behind its HELLO: that is no stranger's", async () => {
    const args = ["--workers", "1", "--max-requests", "1", "--preload", "off"];
    await using server = await startServer("reluctant:app", { args });
    writeFileSync(join(server.temporaryDirectory, "later"), "wait");
    const old = await pidOf(server);
    await noted(server, "import wait");
    const [successor = 0] = server.workers.filter((pid) => pid !== old);
    const before = socketsIn(server.temporaryDirectory);
    // The front reads nothing of what the successor says before it hears that it is gone.
    process.kill(server.pid, "SIGSTOP");
    openGate(server, "import");
    await waitFor("its connection", () => socketsIn(server.temporaryDirectory) > before);
    await delay(100);
    process.kill(successor, "SIGKILL");
    await waitFor("its burial", () => !existsSync(`/proc/${successor}`));
    process.kill(server.pid, "SIGCONT");
    // The zygote may not have told it when the front goes on: then it was ready.
    await server.logged(`(pid ${successor}) was ended by SIGKILL`);
    await waitFor("another", async () => (await pidOf(server)) !== old);
    assert.doesNotMatch(server.stderr, /refused/);
  });
});

describe("--max-age", () => {
  it("replaces an idle worker, one after the other", async () => {
    await using server = await startServer("plain:app", {
      args: ["--workers", "2", "--max-age", "1s"],
    });
    const old = await waitFor("two workers", () => server.workers.length === 2 && server.workers);
    await waitFor("two others", () => {
      const now = server.workers;
      return now.length === 2 && !now.some((pid) => old.includes(pid));
    });
    await server.logged(
      /worker 1 \(pid \d+\) has served for \d+ s \(--max-age\): it is to be replaced/,
    );
    assert.equal((await get(server.port, "/")).status, 200);
    assert.doesNotMatch(server.stderr, /error|warning/);
  });
});

describe("--max-memory", () => {
  it("replaces a worker that has grown, and only that one", async () => {
    const args = ["--workers", "2", "--max-memory", "60MiB"];
    await using server = await startServer("leaking:app", { args });
    await waitFor("two workers", () => server.workers.length === 2);
    const leaky = await pidOf(server, "/?mib=70");
    const [other = 0] = server.workers.filter((pid) => pid !== leaky);
    await server.logged(
      new RegExp(
        `\\(pid ${leaky}\\) has grown to \\d+\\.\\d MiB \\(--max-memory 60MiB\\): it is to be replaced`,
      ),
    );
    await waitFor("its end", () => !isAlive(leaky));
    assert.ok(isAlive(other), server.stderr);
  });

  it("that a new worker does not meet is said once, and replaces nobody", async () => {
    const args = ["--workers", "1", "--max-memory", "1MiB"];
    await using server = await startServer("plain:app", { args });
    await server.logged(/--max-memory 1MiB is below what a new worker takes \(\d+\.\d MiB\)/);
    const [worker] = server.workers;
    assert.equal((await post(server.port, "/")).status, 200);
    assert.deepEqual(server.workers, [worker]);
  });
});
