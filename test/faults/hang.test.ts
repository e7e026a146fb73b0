// Many requests hang at once, in Python, in C and in sleep: the others are served, and every one of them ends with 504 and a line of its own.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failuresOf, numbered, runLoad } from "../support/load.ts";
import { startPoliteLoad } from "../support/polite-load.ts";
import { isAlive, zombiesOf } from "../support/processes.ts";
import { recordOf } from "../support/record.ts";
import { begin, get, post } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

/** Of forty: two spin in Python and two in C, each at the cost of a processor; the others sleep. */
const PATHS = [...Array.from({ length: 36 }, () => "/sleep"), "/loop", "/loop", "/c", "/c"];
const FUNCTIONS = { "/loop": "stuck_in_loop", "/c": "stuck_in_c_code", "/sleep": "stuck_in_sleep" };

function hangersOf(server: ServerUnderTest): number[] {
  return recordOf(server).flatMap((line) => {
    const pid = /^POST \/(?:loop|c|sleep) in (\d+)$/.exec(line)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });
}

describe("40 requests that hang at once", () => {
  it("hold up nobody else, get 504 and a line each, and their workers are replaced", async () => {
    const args = ["--workers", "43", "--request-timeout", "4s"];
    await using server = await startServer("hanging:app", { args });
    await waitFor("43 workers", () => server.workers.length === 43);
    const clients = PATHS.map((path) => begin(server.port, "POST", path));
    await waitFor("all to hang", () => hangersOf(server).length === 40);
    const progress = { answered: 0 };
    const over = Promise.all(
      clients.map(async (client) => {
        const { status } = await client.response("POST", 60_000);
        progress.answered++;
        return status;
      }),
    );
    // At least once while all hang, then until none does.
    let rounds = 0;
    do {
      const next = numbered(20, () => "/ok");
      const outcomes = await runLoad({ port: server.port, clients: 3, method: "POST", next });
      assert.deepEqual(failuresOf(outcomes), []);
      if (progress.answered === 0) rounds++;
    } while (progress.answered < 40);
    assert.ok(rounds > 0, "nothing was served while all hung");
    assert.deepEqual(new Set(await over), new Set([504]));
    for (const client of clients) client[Symbol.dispose]();

    const hung = hangersOf(server);
    assert.equal(new Set(hung).size, 40);
    await waitFor("their end", () => !hung.some(isAlive), 30_000);
    await waitFor("43 workers again", () => server.workers.length === 43, 30_000);
    assert.deepEqual(server.zygotes.flatMap(zombiesOf), []);
    for (const [path, name] of Object.entries(FUNCTIONS)) {
      const line = `POST ${path}\\b.* was ended by --request-timeout: waited \\d+ ms, ran \\d+ ms, silent for \\d+ ms in worker \\d+ \\(pid \\d+\\)`;
      const lines = server.stderr.match(new RegExp(line, "g")) ?? [];
      assert.equal(lines.length, PATHS.filter((each) => each === path).length, path);
      assert.match(server.stderr, new RegExp(`${line}\\n[^]*?in ${name}\\n`));
    }
    // It was no crash: nothing delays the next request.
    assert.doesNotMatch(server.stderr, /was ended by SIG/);
    assert.equal((await get(server.port, "/ok")).status, 200);
  });
});

describe("40 requests that hang beside others, and 16 workers at most", () => {
  it("get three quarters of the workers at most: the others are served", async () => {
    await using server = await startServer("hanging:app", { args: ["--workers", "2:16"] });
    const others = startPoliteLoad({ port: server.port, clients: 4, target: "/ok", pauseMs: 2 });
    await waitFor("some load", () => others.answered > 100);
    const hanging = Array.from({ length: 40 }, () => begin(server.port, "POST", "/sleep"));
    await waitFor("all workers", () => server.workers.length === 16);
    await waitFor("many to hang", () => hangersOf(server).length >= 8);
    const answered = others.answered;
    await waitFor("a thousand others", () => others.answered >= answered + 1000);
    assert.ok(hangersOf(server).length < 16);
    others.stop();
    await others.over;
    assert.deepEqual(others.failures, []);
    for (const client of hanging) client[Symbol.dispose]();
  });
});

describe("as many requests that hang as there are workers, and more behind them", () => {
  it("who waits is served when the first time-outs have struck", async () => {
    const args = ["--workers", "2", "--request-timeout", "1s", "--queue-timeout", "20s"];
    await using server = await startServer("hanging:app", { args });
    const hanging = PATHS.slice(34).map((path) => post(server.port, path));
    const quick = runLoad({
      port: server.port,
      clients: 4,
      method: "POST",
      next: numbered(12, () => "/ok"),
    });
    const statuses = (await Promise.all(hanging)).map(({ status }) => status);
    assert.deepEqual(new Set(statuses), new Set([504]));
    assert.deepEqual(failuresOf(await quick), []);
    // Each ran once: none was repeated, and none that had not begun was blamed for another's silence.
    assert.equal(hangersOf(server).length, 6);
  });
});
