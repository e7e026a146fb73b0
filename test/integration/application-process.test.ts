// What the application finds in its process: the user's surroundings, nothing of the server's.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stateOf } from "../support/processes.ts";
import { noted } from "../support/record.ts";
import { get } from "../support/requests.ts";
import { startServer, waitFor } from "../support/server.ts";

interface Facts {
  readonly environment: Readonly<Record<string, string>>;
  readonly wsgi: readonly string[];
  readonly softLimit: number;
  readonly stdin: string;
  readonly exitCodeAtImport: number;
  readonly exitCodeInRequest: number;
  readonly argv: readonly string[];
  readonly blocking: readonly boolean[];
  readonly pid: number;
  readonly descriptors: readonly string[];
}

async function factsOf(port: number): Promise<Facts> {
  const facts: unknown = JSON.parse((await get(port, "/")).body.toString());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- test/apps/surroundings.py says exactly this
  return facts as Facts;
}

describe("the application's process", () => {
  for (const preload of ["on", "off"]) {
    it(`is the user's own (--preload ${preload})`, async () => {
      await using server = await startServer("surroundings:app", {
        args: ["--preload", preload, "--workers", "2"],
        env: { OF_THE_USER: "yes" },
        softFileLimit: 321,
      });
      const facts = await factsOf(server.port);
      assert.equal(facts.environment["OF_THE_USER"], "yes");
      const names = [...Object.keys(facts.environment), ...facts.wsgi];
      assert.deepEqual(
        names.filter((name) => name.includes("RICKHOUSE_INTERNAL")),
        [],
      );
      assert.equal(facts.softLimit, 321);
      assert.equal(facts.stdin, "");
      assert.deepEqual([facts.exitCodeAtImport, facts.exitCodeInRequest], [7, 9]);
      assert.deepEqual(facts.argv, ["rickhouse"]);
      assert.deepEqual(facts.blocking, [true, true, true]);
      // Standard streams (sockets, as the test made them), the channel, memory for stacks, for ledger and outbox, for large bodies, and for
      // large answers: nothing of who started the server, of the front, or of the other worker.
      const kinds = facts.descriptors.map((target) => target.split(":")[0] ?? "").toSorted();
      const memory = ["/memfd", "/memfd", "/memfd", "/memfd"];
      assert.deepEqual(kinds, ["/dev/null", ...memory, "socket", "socket", "socket"]);
    });
  }

  it("may print more than a pipe holds while nobody reads, and only its own request waits", async () => {
    for (const stream of ["stdout", "stderr"] as const) {
      await using server = await startServer("noisy:app", { args: ["--workers", "1"] });
      server.process[stream]?.pause();
      const printing = get(server.port, `/${stream}`);
      const pid = server.workers[0] ?? 0;
      await noted(server, "printing");
      await waitFor("the worker to wait for the pipe", () => stateOf(pid) === "S");
      server.process[stream]?.resume();
      assert.equal((await printing).body.toString(), "printed");
      await waitFor("all that was printed", () => /x{204800}\n/.test(server[stream]));
      assert.ok(!server.stderr.includes("BlockingIOError"), server.stderr.slice(0, 2000));
    }
  });

  it("goes on when whoever read the log has gone", async () => {
    await using server = await startServer("dying:app", { args: ["--workers", "1"] });
    server.process.stdout?.destroy();
    server.process.stderr?.destroy();
    assert.equal((await get(server.port, "/exit/once")).status, 200);
    assert.equal((await get(server.port, "/survive")).status, 200);
    await server.stop();
  });
});
