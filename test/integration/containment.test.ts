// What must not reach the front: a broken worker or zygote, a full pipe, a directory that cannot be written.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a worker that sends more body than its Content-Length", () => {
  const cases = [
    { first: 10, status: 502, isWhole: true },
    { first: 1, status: 200, isWhole: false },
  ];
  for (const { first, status, isWhole } of cases) {
    it(`is ended, and no byte too many reaches the client (${first} with the head)`, async () => {
      await using server = await startServer("rogue:app", { args: ["--workers", "1"] });
      using client = new RawClient(server.port);
      client.send(`POST /too-long?number=1&first=${first} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const response = await client.response();
      assert.deepEqual([response.status, response.isWhole], [status, isWhole]);
      assert.equal(client.received.length, 0);
      await server.logged(/broke the protocol: a body longer than its Content-Length/);
      assert.equal((await rawRequest(server.port, GET)).status, 200);
    });
  }
});

describe("a reload", () => {
  for (const deed of ["control", "long"]) {
    it(`whose import does harm to the control socket (${deed}) leaves the old code serving`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "rickhouse-test-"));
      const file = join(directory, "deed");
      try {
        await using server = await startServer("rogue:app", {
          env: { ROGUE_IMPORT_FILE: file },
        });
        writeFileSync(file, deed);
        server.signal("SIGHUP");
        await server.logged(/reload failed: .*generation 1 serves on/s);
        assert.equal((await rawRequest(server.port, GET)).status, 200);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});

describe("a log that nobody reads", () => {
  it("does not keep the server from ending", async () => {
    const server = new Unread(["--access-log", "-"]);
    const port = await server.port();
    using client = new RawClient(port);
    // More than a pipe holds.
    for (let i = 0; i < 60; i++) {
      client.send(`GET /${"a".repeat(7000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.response();
    }
    await server.stop();
  });
});

describe("a zygote that stands still", () => {
  it("is ended when it owes an answer, and its workers come back into service", async () => {
    await using server = await startServer("sleeping:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    const [zygote = 0] = server.zygotes;
    process.kill(zygote, "SIGSTOP");
    // Whether a quick one is handed over behind the slow one is a matter of moments: only then is the zygote asked. So, again until it is.
    let path = "/a";
    await waitFor(
      "the end of zygote 1",
      async () => {
        assert.deepEqual(await statusesOfSlowAndQuick(server.port, path), new Set([200]));
        path += "a";
        return server.stderr.includes("zygote 1 does not answer any more and is ended");
      },
      30_000,
    );
    // The workers had all that; they waited for the zygote's word on what they were sent, and now serve again.
    assert.equal((await rawRequest(server.port, GET)).status, 200);
  });

  it("is ended when it forks nobody, and another one does", async () => {
    const args = ["--workers", "1", "--start-timeout", "2s", "--queue-timeout", "30s"];
    await using server = await startServer("plain:app", { args });
    const [zygote = 0] = server.zygotes;
    const [worker = 0] = server.workers;
    process.kill(zygote, "SIGSTOP");
    process.kill(worker, "SIGKILL");
    assert.equal((await rawRequest(server.port, GET)).status, 200);
    assert.match(server.stderr, /zygote 1 does not answer any more and is ended/);
  });

  it("is ended when a worker that hangs does not end for it", async () => {
    const args = ["--workers", "1", "--request-timeout", "1s", "--queue-timeout", "30s"];
    await using server = await startServer("sleeping:app", { args });
    process.kill(server.zygotes[0] ?? 0, "SIGSTOP");
    const hanging = rawRequest(server.port, "GET /?seconds=60 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await hanging).status, 504);
    assert.equal((await rawRequest(server.port, GET)).status, 200);
    assert.match(server.stderr, /zygote 1 does not answer any more and is ended/);
  });
});

/** One request of a second, whose route nobody knows to be slow yet, and many quick ones beside it. */
async function statusesOfSlowAndQuick(port: number, slowPath: string): Promise<Set<number>> {
  // What is known to be quick is put behind others.
  for (let i = 0; i < 30; i++) await rawRequest(port, GET);
  const clients = Array.from({ length: 12 }, () => new RawClient(port));
  for (const [i, client] of clients.entries()) {
    const target = i === 0 ? `${slowPath}?seconds=1` : "/";
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }
  const answers = await Promise.all(clients.map((client) => client.response("GET", 20_000)));
  for (const client of clients) client[Symbol.dispose]();
  return new Set(answers.map((answer) => answer.status));
}

describe("a private directory that somebody removes", () => {
  it("is made anew, for the workers that come and for large bodies", async () => {
    const args = ["--workers", "1", "--body-memory", "1KiB"];
    await using server = await startServer("echo:app", { args });
    const [name = ""] = readdirSync(server.temporaryDirectory).filter((each) =>
      each.startsWith("rickhouse-"),
    );
    rmSync(join(server.temporaryDirectory, name), { recursive: true });
    const body = "x".repeat(100_000);
    const upload = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    assert.equal((await rawRequest(server.port, upload)).status, 200);
    rmSync(join(server.temporaryDirectory, name), { recursive: true });
    const [worker = 0] = server.workers;
    process.kill(worker, "SIGKILL");
    await server.logged("the private directory was removed: made anew");
    assert.equal((await rawRequest(server.port, GET)).status, 200);
    server.signal("SIGHUP");
    await server.logged("generation 2 serves");
    assert.equal((await rawRequest(server.port, upload)).status, 200);
  });
});

describe("a temporary directory that cannot be written", () => {
  it("ends the start with one line", async () => {
    const server = spawn(join(ROOT, "bin/rickhouse"), [join(ROOT, "test/apps/plain:app")], {
      env: { ...process.env, TMPDIR: "/nonexistent/directory" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    server.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const exit: unknown[] = await once(server, "exit");
    assert.equal(exit[0], 2);
    assert.match(
      errors,
      /^rickhouse: temporary directory \/nonexistent\/directory: [^\n]*TMPDIR[^\n]*\n$/,
    );
  });
});

/** A server whose standard output is a pipe that nobody empties. */
class Unread {
  readonly #server: ServerUnderTest;
  readonly #directory = mkdtempSync(join(tmpdir(), "rickhouse-test-"));

  constructor(args: readonly string[]) {
    this.#server = new ServerUnderTest(join(ROOT, "test/apps/plain:app"), {
      args: [...args, "--workers", "1"],
      directory: this.#directory,
    });
    this.#server.process.stdout?.pause();
  }

  async port(): Promise<number> {
    return (await this.#server.ready()).port;
  }

  async stop(): Promise<void> {
    this.#server.signal("SIGTERM");
    assert.deepEqual(await this.#server.exited(), { code: 0, signal: null });
    await waitFor("an empty directory", () => readdirSync(this.#directory).length === 0);
    rmSync(this.#directory, { recursive: true });
  }
}
