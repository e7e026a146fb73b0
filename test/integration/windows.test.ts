// Several requests in the hands of one worker thread: what an answer owes to the requests that stand behind it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { noted, openGate, recordOf } from "../support/record.ts";
import { begin, message } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

const WARM_UP = 30;

/** The route is known to be quick. */
async function warmUp(server: ServerUnderTest): Promise<void> {
  using client = new RawClient(server.port);
  for (let id = 0; id < WARM_UP; id++) {
    client.send(message("POST", `/work/${1000 + id}`, "warm"));
    assert.equal((await client.response()).status, 200);
  }
}

/** One request for each thread that waits for the gate: what comes now waits in the queue, and is then handed over together. */
async function holdThreads(
  server: ServerUnderTest,
  gate: string,
  threads: number,
): Promise<RawClient[]> {
  const held: RawClient[] = [];
  for (let thread = 0; thread < threads; thread++) {
    held.push(begin(server.port, "POST", `/hold/${gate}-${thread}?${gate}`));
    await noted(server, new RegExp(`^POST /hold/${gate}-${thread} `));
  }
  return held;
}

function runsOf(server: ServerUnderTest): string[] {
  return recordOf(server).map((line) => line.split(" ")[1] ?? "");
}

describe("requests in the window of a worker that dies", () => {
  for (const how of ["kill", "exit", "crash"]) {
    it(`by ${how}: all are answered, none of them twice, and only the one that ran is lost`, async () => {
      await using server = await startServer("windowed:app", { args: ["--workers", "1"] });
      await warmUp(server);
      for (let round = 0; round < 3; round++) {
        const held = await holdThreads(server, `gate-${round}`, 1);
        const deadly = 2 + 3 * round;
        const clients = Array.from({ length: 12 }, (_, index) =>
          begin(
            server.port,
            "POST",
            `/work/${12 * round + index}${index === deadly ? `?${how}` : ""}`,
          ),
        );
        openGate(server, `gate-${round}`);
        const answers = await Promise.all([...held, ...clients].map((client) => client.response()));
        const statuses = answers.map(({ status }) => status);
        const expected = statuses.map((_, index) => (index === deadly + 1 ? 502 : 200));
        assert.deepEqual(statuses, expected);
        for (const client of [...held, ...clients]) client.socket.destroy();
      }
      const runs = runsOf(server);
      assert.equal(new Set(runs).size, runs.length, "something ran twice");
      assert.equal(runs.length, WARM_UP + 3 * 13);
    });
  }
});

describe("a finished answer", () => {
  for (const threads of [1, 2]) {
    it(`does not wait for a slow request behind it, in one worker with ${threads} threads`, async () => {
      const args = ["--workers", "1", "--threads", `${threads}`];
      await using server = await startServer("windowed:app", { args });
      await warmUp(server);
      const held = await holdThreads(server, "start", threads);
      // Of every three the last is slow: as many as there are threads, so that nobody could take what stands behind them.
      const slow = new Map<number, RawClient>();
      const quick = new Map<number, RawClient>();
      for (let id = 0; id < 3 * threads; id++) {
        const isSlow = id % 3 === 2;
        const client = begin(server.port, "POST", `/work/${id}${isSlow ? "?end" : ""}`);
        (isSlow ? slow : quick).set(id, client);
      }
      openGate(server, "start");
      await waitFor("the slow ones", () =>
        [...slow.keys()].every((id) => runsOf(server).includes(`/work/${id}`)),
      );
      const finished = [...quick].filter(([id]) => runsOf(server).includes(`/work/${id}`));
      assert.ok(finished.length > 0);
      for (const [id, client] of finished) {
        assert.equal((await client.response()).body.toString(), `/work/${id}`);
      }
      openGate(server, "end");
      const rest = [...quick].filter(([id]) => !finished.some(([other]) => other === id));
      for (const [, client] of [...rest, ...slow]) {
        assert.equal((await client.response()).status, 200);
      }
      for (const client of [...held, ...quick.values(), ...slow.values()]) client.socket.destroy();
    });
  }
});
