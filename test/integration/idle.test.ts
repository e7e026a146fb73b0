import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ask } from "../support/admin.ts";
import { wakeUpsOf } from "../support/processes.ts";
import { get } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

const WINDOW_MS = 1000;

/** The front has nothing to do: in some second soon it does nothing. */
function sleeps(pid: number): Promise<unknown> {
  return waitFor("a second without a wake-up", async () => {
    const before = wakeUpsOf(pid);
    await delay(WINDOW_MS);
    return wakeUpsOf(pid) === before;
  });
}

describe("an idle server", () => {
  it("sleeps, before its first request and after its last", async () => {
    // The deadline of a request that is over wakes nobody.
    const args = ["--workers", "2", "--request-timeout", "10m", "--queue-timeout", "10m"];
    await using server = await startServer("plain:app", { args });
    await sleeps(server.pid);
    const first = await get(server.port, "/");
    assert.equal(first.status, 200);
    await sleeps(server.pid);
    // Asleep the clock stood still.
    const date = Date.parse((await get(server.port, "/")).fields.get("date") ?? "");
    assert.ok(Math.abs(Date.now() - date) < 60_000, `Date: ${date}`);
    const [control = ""] = globSync(join(server.temporaryDirectory, "rickhouse-*/control.sock"));
    assert.equal((await ask(control, "/status")).status, 200);
    await sleeps(server.pid);
    const [zygote = 0] = server.zygotes;
    await sleeps(zygote);
  });
});
