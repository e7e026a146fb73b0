import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { failuresOf, runLoad, type Outcome } from "../support/load.ts";
import { isAlive } from "../support/processes.ts";
import { openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

function setVersion(directory: string, version: string): void {
  writeFileSync(join(directory, "version"), version);
}

/** Steady load from several keep-alive clients; `stop` resolves with what became of it. */
function startLoad(server: ServerUnderTest, pauseMs: number): { stop(): Promise<Outcome[]> } {
  let isOver = false;
  const outcomes = runLoad({
    port: server.port,
    clients: 5,
    method: "POST",
    pauseMs,
    next: () => (isOver ? undefined : "/"),
  });
  return {
    stop: () => {
      isOver = true;
      return outcomes;
    },
  };
}

async function startVersioned(args: readonly string[]): Promise<ServerUnderTest> {
  const directory = ServerUnderTest.makeDirectory();
  setVersion(directory, "0");
  return startServer("versioned:app", { directory, args });
}

/** Resolves when this version answers. The maximum of workers holds meanwhile, but for one that takes over from another. */
const serves = (server: ServerUnderTest, version: string): Promise<unknown> =>
  waitFor(`version ${version}`, async () => {
    // One that has ended and is not reaped yet is listed too.
    const alive = server.workers.filter(isAlive);
    assert.ok(alive.length <= 3, `${alive.length} workers`);
    return (await get(server.port, "/")).body.toString() === version;
  });

describe("SIGHUP", () => {
  for (const preload of ["on", "off"]) {
    it(`brings new code under load without a failure, five times (--preload ${preload})`, async () => {
      await using server = await startVersioned(["--workers", "2", "--preload", preload]);
      const load = startLoad(server, 10);
      for (let version = 1; version <= 5; version++) {
        setVersion(server.temporaryDirectory, String(version));
        server.signal("SIGHUP");
        await serves(server, String(version));
        await waitFor("the old ones to go", () => {
          return server.zygotes.length === 1 && server.workers.length === 2;
        });
        assert.equal((await get(server.port, "/")).body.toString(), String(version));
      }
      const outcomes = await load.stop();
      assert.deepEqual(failuresOf(outcomes), []);
      assert.ok(outcomes.length > 50, `${outcomes.length} requests`);
    });
  }

  it("without a pause between the reloads loses nothing either", async () => {
    await using server = await startVersioned(["--workers", "2"]);
    const load = startLoad(server, 5);
    for (let version = 1; version <= 5; version++) {
      setVersion(server.temporaryDirectory, String(version));
      server.signal("SIGHUP");
      await server.logged(`generation ${version + 1} starts`);
    }
    await serves(server, "5");
    await waitFor("the old ones to go", () => {
      return server.zygotes.length === 1 && server.workers.length === 2;
    });
    assert.deepEqual(failuresOf(await load.stop()), []);
  });

  for (const preload of ["on", "off"]) {
    it(`keeps the old code when the new one does not import, and shows why (--preload ${preload})`, async () => {
      // Without preload a second worker could still be importing, and would meet the broken version.
      const count = preload === "on" ? "2" : "1";
      await using server = await startVersioned(["--workers", count, "--preload", preload]);
      const workers = server.workers;
      const load = startLoad(server, 5);
      setVersion(server.temporaryDirectory, "broken");
      server.signal("SIGHUP");
      await server.logged(/error: reload failed: .*generation 1 serves on/);
      await server.logged("RuntimeError: this version is broken");
      await waitFor("the broken ones to go", () => server.zygotes.length === 1);
      assert.deepEqual(failuresOf(await load.stop()), []);
      assert.equal((await get(server.port, "/")).body.toString(), "0");
      assert.deepEqual(server.workers, workers);
      setVersion(server.temporaryDirectory, "mended");
      server.signal("SIGHUP");
      await serves(server, "mended");
    });
  }

  it("lets a request of the old code finish while the new code serves", async () => {
    await using server = await startVersioned(["--workers", "1"]);
    using old = begin(server.port, "POST", "/held");
    await waitFor("its connection", () => server.connections === 1);
    setVersion(server.temporaryDirectory, "1");
    server.signal("SIGHUP");
    await serves(server, "1");
    openGate(server, "held");
    assert.equal((await old.response()).body.toString(), "0");
    await waitFor("the old zygote to go", () => server.zygotes.length === 1);
  });
});
