// Reload after reload under load: what must hold however many there are.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDescriptors, residentKiB } from "./processes.ts";
import { startPoliteLoad } from "./polite-load.ts";
import { get } from "./requests.ts";
import { ServerUnderTest, startServer, waitFor } from "./server.ts";

const CLIENTS = 32;
const WORKERS = 2;
/** Of the front, for what V8 has not given back yet; a leak of 1 MiB a reload would be far beyond it at the end of a long run. */
const SLACK_KIB = 40 * 1024;

/** Resolves when `count` reloads went by without a failed request and left nothing behind; throws otherwise. */
export async function reloadUnderLoad(count: number): Promise<void> {
  const directory = ServerUnderTest.makeDirectory();
  writeFileSync(join(directory, "version"), "0");
  const args = ["--workers", String(WORKERS)];
  await using server = await startServer("versioned:app", { directory, args });
  const load = startPoliteLoad({ port: server.port, clients: CLIENTS, pauseMs: 5 });
  const isSteady = (): boolean => server.zygotes.length === 1 && server.workers.length === WORKERS;
  const reload = async (version: number): Promise<void> => {
    writeFileSync(join(directory, "version"), String(version));
    server.signal("SIGHUP");
    await waitFor(`version ${version}`, async () => {
      return (await get(server.port, "/")).body.toString() === String(version);
    });
    await waitFor("the old ones to go", isSteady);
  };
  // The first ones make what is made once.
  for (let version = 1; version <= 3; version++) await reload(version);
  const before = { descriptors: openDescriptors(server.pid), kib: residentKiB(server.pid) };
  const answeredBefore = load.answered;
  for (let version = 4; version <= 3 + count; version++) await reload(version);
  assert.deepEqual(load.failures, []);
  assert.ok(load.answered - answeredBefore > count * CLIENTS, `${load.answered} answered`);
  assert.equal(load.farewells, 0);
  // A request of ours, or the channel of a worker that is about to be gone.
  await waitFor("as many descriptors as before", () => {
    return openDescriptors(server.pid) <= before.descriptors + 1;
  });
  const grownKiB = residentKiB(server.pid) - before.kib;
  assert.ok(grownKiB < SLACK_KIB, `the front has grown by ${grownKiB} KiB`);
  assert.ok(isSteady());
  load.stop();
  await load.over;
}
