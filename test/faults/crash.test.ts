// Workers that crash, each in its own way: one request is lost, the log says which, to what and after how long, and nobody else notices.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { failuresOf, numbered, runLoad } from "../support/load.ts";
import { openDescriptors, zombiesOf } from "../support/processes.ts";
import { openGate, recordOf } from "../support/record.ts";
import { get, post } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const CRASHES = {
  exit: "exit status 7",
  crash: "SIGSEGV",
  abort: "SIGABRT",
  kill: "SIGKILL",
  terminate: "SIGTERM",
} as const;

function runsOf(server: ServerUnderTest, line: string): number {
  return recordOf(server).filter((note) => note === line).length;
}

for (const preload of ["on", "off"]) {
  describe(`a crash in a request (--preload ${preload})`, () => {
    let server: ServerUnderTest;
    before(async () => {
      server = await startServer("dying:app", { args: ["--workers", "3", "--preload", preload] });
    });
    after(() => server.stop());

    for (const [how, words] of Object.entries(CRASHES)) {
      it(`${how}: costs that request alone, beside others`, async () => {
        const path = `/${how}/${preload}`;
        const others = runLoad({
          port: server.port,
          clients: 4,
          method: "POST",
          next: numbered(100, () => "/survive"),
        });
        const response = await post(server.port, path);
        assert.equal(response.status, 502);
        assert.deepEqual(failuresOf(await others), []);
        assert.equal(runsOf(server, `POST ${path}`), 1);
        const line = `error: worker \\d+ \\(pid \\d+\\) ended by ${words} while it ran POST ${path}\\b.* \\(\\d+ ms\\)`;
        await server.logged(new RegExp(line));
        await waitFor("its replacement", () => server.workers.length === 3);
      });
    }
  });
}

describe("crash after crash", () => {
  it("15 in a row leave no zombie, no descriptor and three workers; who comes between is served", async () => {
    await using server = await startServer("dying:app", { args: ["--workers", "3"] });
    await waitFor("three workers", () => server.workers.length === 3);
    const descriptors = openDescriptors(server.pid);
    const crashes = Array.from({ length: 3 }, () => Object.keys(CRASHES)).flat();
    const others = runLoad({
      port: server.port,
      clients: 2,
      method: "POST",
      pauseMs: 20,
      next: numbered(200, () => "/survive"),
    });
    for (const how of crashes) assert.equal((await post(server.port, `/${how}`)).status, 502);
    // Back-off may hold the next worker back, but never as long as the queue holds a request.
    assert.deepEqual(failuresOf(await others), []);
    await waitFor("three workers", () => server.workers.length === 3);
    await waitFor("as few descriptors", () => openDescriptors(server.pid) <= descriptors + 3);
    assert.deepEqual(server.zygotes.flatMap(zombiesOf), []);
  });
});

/** A control group of so many MiB (version 1); undefined where this process may make none. */
function makeGroup(name: string, mib: number): string | undefined {
  const path = `/sys/fs/cgroup/memory/rickhouse-test-${name}-${process.pid}`;
  try {
    mkdirSync(path);
    writeFileSync(`${path}/memory.limit_in_bytes`, String(mib * 2 ** 20));
    return path;
  } catch {
    return undefined;
  }
}

/** What starts a command in this group, with the command behind it. */
function within(group: string): string[] {
  return ["/bin/sh", "-c", `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`];
}

describe("a worker that the kernel kills because memory ran out", () => {
  const group = makeGroup("server", 400);
  const other = makeGroup("other", 32);
  const skip = (group === undefined || other === undefined) && "no control group can be made here";
  after(() => {
    for (const path of [group, other]) if (path !== undefined) rmdirSync(path);
  });

  it("costs its request, which is not repeated although it is safe", { skip }, async () => {
    await using server = await startServer("leaking:app", {
      args: ["--workers", "1"],
      startedBy: within(group ?? ""),
    });
    // The kernel takes the largest.
    assert.equal((await get(server.port, "/?mib=600")).status, 502);
    await server.logged(
      /ended by SIGKILL \(out of memory: it is not repeated\) while it ran GET \/ \[/,
    );
    assert.equal((await get(server.port, "/")).status, 200);
  });

  it(
    "is not one that was killed by hand after the kernel killed somebody else's process",
    { skip },
    async () => {
      await using server = await startServer("leaking:app", { args: ["--workers", "1"] });
      const [first = "", ...rest] = within(other ?? "");
      const leak = ["python3", "-c", "x = b'x' * (200 << 20)"];
      assert.equal(spawnSync(first, [...rest, ...leak]).signal, "SIGKILL");
      const [worker = 0] = server.workers;
      const answer = get(server.port, "/gate/slow");
      await waitFor("its start", () => runsOf(server, `waiting in ${worker}`) === 1);
      process.kill(worker, "SIGKILL");
      openGate(server, "slow");
      assert.equal((await answer).status, 200);
    },
  );
});
