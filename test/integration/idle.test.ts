import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
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
    // Its deadline is looked at for as long as one might be running.
    const args = ["--workers", "2", "--request-timeout", "1s", "--queue-timeout", "1s"];
    await using server = await startServer("plain:app", { args });
    await sleeps(server.pid);
    const first = await get(server.port, "/");
    assert.equal(first.status, 200);
    await sleeps(server.pid);
    // Asleep the clock stood still.
    const date = Date.parse((await get(server.port, "/")).fields.get("date") ?? "");
    assert.ok(Math.abs(Date.now() - date) < 60_000, `Date: ${date}`);
    const [zygote = 0] = server.zygotes;
    await sleeps(zygote);
  });
});
