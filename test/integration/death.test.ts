import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { noted, openGate, recordOf } from "../support/record.ts";
import { begin, get, message, post } from "../support/requests.ts";
import { isAlive } from "../support/processes.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

/** How often the application began to run this request. */
function runsOf(server: ServerUnderTest, line: string): number {
  return recordOf(server).filter((note) => note === line).length;
}

describe("a worker that dies while it runs a request", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await startServer("dying:app", { args: ["--workers", "2"] });
  });
  after(() => server.stop());

  const ends = [
    ["exit", "exit status 7"],
    ["crash", "SIGSEGV"],
    ["kill", "SIGKILL"],
  ] as const;
  for (const [how, words] of ends) {
    it(`by ${how}: a POST gets 502, is never run again, and the log names it`, async () => {
      const response = await post(server.port, `/${how}`);
      assert.equal(response.status, 502);
      assert.equal(runsOf(server, `POST /${how}`), 1);
      const line = `worker \\d+ \\(pid \\d+\\) ended by ${words} while it ran POST /${how} \\[\\w+\\] \\(\\d+ ms\\)`;
      await server.logged(new RegExp(line));
    });
  }

  it("a GET is run once more elsewhere, and answered; the log names it all the same", async () => {
    const response = await get(server.port, "/kill/once");
    assert.equal(response.status, 200);
    assert.equal(runsOf(server, "GET /kill/once"), 2);
    await server.logged(/ended by SIGKILL while it ran GET \/kill\/once \[\w+\] \(\d+ ms\)/);
  });

  it("a GET that kills the second worker too gets 502", async () => {
    assert.equal((await get(server.port, "/exit/always")).status, 502);
    assert.equal(runsOf(server, "GET /exit/always"), 2);
  });

  it("after the first piece of the answer: the connection is broken, nothing is repeated", async () => {
    using client = begin(server.port, "GET", "/kill/late");
    const response = await client.response();
    assert.deepEqual([response.status, response.isWhole], [200, false]);
    assert.equal(runsOf(server, "GET /kill/late"), 1);
  });

  it("the connection of a client that got 502 stays usable", async () => {
    using client = begin(server.port, "POST", "/kill/again");
    assert.equal((await client.response()).status, 502);
    client.send(message("GET", "/survive"));
    assert.equal((await client.response()).status, 200);
  });

  it("is told in one line, which is that of its request if it had one", async () => {
    await post(server.port, "/exit");
    await waitFor("two workers", () => server.workers.length === 2);
    const [idle = 0] = server.workers;
    process.kill(idle, "SIGKILL");
    await server.logged(`(pid ${idle}) was ended by SIGKILL`);
    const without = server.stderr.match(/\(pid \d+\) (?:was ended by|exited with) /g);
    assert.equal(without?.length, 1, server.stderr);
  });
});

describe("a worker that dies", () => {
  it("while idle is replaced", async () => {
    await using server = await startServer("dying:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    const [victim = 0] = server.workers;
    process.kill(victim, "SIGKILL");
    await waitFor("its replacement", () => {
      return server.workers.length === 2 && !server.workers.includes(victim);
    });
    assert.equal((await get(server.port, "/survive")).status, 200);
    await server.logged(`(pid ${victim}) was ended by SIGKILL`);
  });

  it("by SIGTERM from outside finishes its request first, and is replaced", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "1"] });
    using client = begin(server.port, "POST", "/held");
    const note = await noted(server, /^POST held in/);
    const pid = Number(note.split(" ").at(-1));
    process.kill(pid, "SIGTERM");
    using next = begin(server.port, "POST", "/free/next");
    openGate(server, "held");
    assert.equal((await client.response()).status, 200);
    assert.equal((await next.response()).status, 200);
    await waitFor("its end", () => !isAlive(pid));
    assert.deepEqual(
      recordOf(server).map((line) => line.split(" in ")[0]),
      ["POST held", "POST free/next"],
    );
  });

  it("by SIGTERM from outside has time for what the application left for its end, while another serves", async () => {
    await using server = await startServer("unruly:app", { args: ["--workers", "1"] });
    assert.equal((await post(server.port, "/atexit/gate")).status, 200);
    const [pid = 0] = server.workers;
    process.kill(pid, "SIGTERM");
    await waitFor("its successor", () => server.workers.some((each) => each !== pid));
    assert.equal((await post(server.port, "/")).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // Longer than one has that lost its channel in a request.
    assert.ok(isAlive(pid));
    const ran = noted(server, "atexit ran");
    openGate(server, "exit");
    await ran;
    await server.logged(`(pid ${pid}) exited with status 0`);
  });

  it("by SIGTERM from outside gives what an idle thread was sent to another worker, while another thread runs on", async () => {
    const args = ["--workers", "1", "--threads", "2"];
    await using server = await startServer("gated:app", { args });
    using client = begin(server.port, "POST", "/held");
    const note = await noted(server, /^POST held in/);
    const pid = Number(note.split(" ").at(-1));
    process.kill(pid, "SIGSTOP");
    using next = begin(server.port, "POST", "/free/next");
    await new Promise((resolve) => setTimeout(resolve, 300)); // Until it lies in the worker's socket.
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGCONT");
    assert.equal((await next.response()).status, 200);
    assert.ok(isAlive(pid));
    openGate(server, "held");
    assert.equal((await client.response()).status, 200);
    assert.equal(runsOf(server, `POST free/next in ${pid}`), 0);
  });
});
