// An application that does not start, or not any more (test/apps/reluctant.py): back-off, never a busy loop, the traceback once, 503.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { recordOf } from "../support/record.ts";
import { get, post } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const ARGS = ["--workers", "2", "--preload", "off", "--queue-timeout", "500ms"];

/** From now on each import does this. */
function later(server: ServerUnderTest, deed: string): void {
  writeFileSync(join(server.temporaryDirectory, "later"), deed);
}

function importsOf(server: ServerUnderTest, deed: string): number {
  return recordOf(server).filter((line) => line === `import ${deed}`).length;
}

const count = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;

/** A server that was ready once and has lost both workers to kill -9. */
async function startAndLoseAll(deed: string, args: readonly string[]): Promise<ServerUnderTest> {
  const server = await startServer("reluctant:app", { args });
  await waitFor("two workers", () => server.workers.length === 2);
  assert.equal((await get(server.port, "/")).status, 200);
  later(server, deed);
  for (const pid of server.workers) process.kill(pid, "SIGKILL");
  return server;
}

describe("workers that die at their start, after others had served", () => {
  const deaths = {
    raise: /worker \d+ \(pid \d+\) exited with status 3 before it was ready/,
    exit: /worker \d+ \(pid \d+\) exited with status 7 before it was ready/,
    crash: /worker \d+ \(pid \d+\) was ended by SIGSEGV before it was ready/,
  } as const;
  for (const [deed, line] of Object.entries(deaths)) {
    it(`(${deed}) are forked later and later; 503 meanwhile; and it serves when they live again`, async () => {
      await using server = await startAndLoseAll(deed, ARGS);
      const startedAt = performance.now();
      await waitFor("five imports", () => importsOf(server, deed) >= 5);
      const tookMs = performance.now() - startedAt;
      // After 0, 0.1, 0.2, 0.4 s and so on, less the jitter: five take at least half a second, and no speed of the machine makes it less.
      assert.ok(tookMs >= 400, `${importsOf(server, deed)} imports in ${Math.round(tookMs)} ms`);
      const refused = await post(server.port, "/");
      assert.equal(refused.status, 503);
      assert.match(refused.body.toString(), /no worker is ready/);
      const allMs = performance.now() - startedAt;
      // Two at first, then one at a time, and the delays double: so many fit into that time.
      const most = 3 + Math.ceil(Math.log2(allMs / 80 + 1));
      assert.ok(importsOf(server, deed) <= most, `${importsOf(server, deed)} in ${allMs} ms`);
      await server.logged(line);

      rmSync(join(server.temporaryDirectory, "later"));
      await waitFor("an answer", async () => (await get(server.port, "/")).status === 200, 40_000);
      assert.deepEqual(server.stderr.match(/error: the zygote/g), null);
    });
  }

  it("tell their traceback once", async () => {
    await using server = await startAndLoseAll("raise", ARGS);
    await waitFor("five imports", () => importsOf(server, "raise") >= 5);
    await waitFor("as many lines", () => count(server.stderr, /, as before\n/g) >= 3);
    assert.equal(count(server.stderr, /^ {4}Traceback/gm), 1, server.stderr);
    assert.match(
      server.stderr,
      /importing reluctant raised RuntimeError: a later import fails, as/,
    );
    rmSync(join(server.temporaryDirectory, "later"));
  });
});

describe("--start-timeout", () => {
  it("ends workers that hang at their import, and the next may not", async () => {
    const args = [...ARGS, "--start-timeout", "1s"];
    await using server = await startAndLoseAll("wait", args);
    await server.logged(/worker \d+ \(pid \d+\) did not get ready in time before it was ready/);
    assert.equal((await post(server.port, "/")).status, 503);
    rmSync(join(server.temporaryDirectory, "later"));
    await waitFor("an answer", async () => (await get(server.port, "/")).status === 200);
  });
});
