// Large bodies lie in memory that workers have too (docs/protocol.md section 6): each stays as it is for as long as a worker reads it, whatever
// its client does and whoever comes meanwhile, and no slot is lost.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadLibc } from "../../src/io/sockets/libc.ts";
import { chunked, seededBody } from "../support/bodies.ts";
import { mappedMemories, writtenKiB } from "../support/body-memory.ts";
import { sha256 } from "../support/pattern.ts";
import { RawClient } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer, waitFor } from "../support/server.ts";
import {
  killWorkers,
  killZygotes,
  type Load,
  reloadUnder,
  startLoad,
} from "../support/upheavals.ts";

const KIB = 1024;
const MIB = 2 ** 20;
/** The last three do not fit into a slot, or lie in a file. */
const SIZES = [32 * KIB - 1, 32 * KIB, 100_000, MIB - 1, MIB, MIB + 1, 3 * MIB, 5 * MIB];
/** So many slots keep their memory. */
const KEPT_KIB = 2 * KIB;

function serve(...args: string[]): Promise<ServerUnderTest> {
  return startServer("halves:app", { args });
}

function headOf(body: Buffer, query = ""): string {
  return `POST /?${query} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
}

async function assertTaken(client: RawClient, body: Buffer): Promise<void> {
  const answer = await client.response("POST", 60_000);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString(), sha256(body), `of ${body.length} bytes`);
}

async function assertAllFree(server: ServerUnderTest): Promise<void> {
  await waitFor("memory to be given back", () => writtenKiB(server) <= KEPT_KIB, 60_000);
}

const skip = loadLibc() === undefined && "this process cannot map memory";

describe("large bodies", { skip }, () => {
  for (const [name, ...args] of [
    ["by default"],
    ["with room for more than a slot", "--body-memory", "4MiB"],
    ["with Node's sockets", "--direct-sockets", "off"],
  ] as const) {
    it(`of every size arrive byte for byte, ${name}`, async () => {
      await using server = await serve("--workers", "2", ...args);
      using client = new RawClient(server.port);
      for (const size of SIZES) {
        const body = seededBody(`${name}-${size}`, size);
        client.send(headOf(body));
        client.send(body);
        await assertTaken(client, body);
      }
    });
  }

  it("use the memory from 32 KiB on, a slot each, and it is given back", async () => {
    await using server = await serve("--workers", "1");
    const clients = Array.from({ length: 20 }, () => new RawClient(server.port));
    const body = seededBody("many", MIB);
    for (const client of clients) {
      client.send(headOf(body));
      client.send(body.subarray(0, MIB - 1));
    }
    // Each is read to where it stays.
    await waitFor("all to lie there", () => writtenKiB(server) >= 20 * KIB - 100);
    for (const client of clients) {
      client.send(body.subarray(MIB - 1));
      await assertTaken(client, body);
      client[Symbol.dispose]();
    }
    await assertAllFree(server);
    const before = writtenKiB(server);
    using small = new RawClient(server.port);
    const less = seededBody("less", 32 * KIB - 1);
    small.send(headOf(less));
    small.send(less);
    await assertTaken(small, less);
    assert.equal(writtenKiB(server), before);
  });

  it("arrive also when there are more than slots", async () => {
    await using server = await serve("--workers", "2");
    const clients = Array.from({ length: 120 }, (_, index) => {
      const client = new RawClient(server.port);
      const body = seededBody(`crowd-${index}`, 200_000 + index);
      client.send(headOf(body));
      client.send(body.subarray(0, 150_000));
      return { client, body };
    });
    for (const { client, body } of clients.toReversed()) client.send(body.subarray(150_000));
    for (const { client, body } of clients) {
      await assertTaken(client, body);
      client[Symbol.dispose]();
    }
    await assertAllFree(server);
  });

  it("stay as they are while a worker reads them, though their clients have left", async () => {
    await using server = await serve("--workers", "2");
    for (const [round, size] of [100_000, MIB].entries()) {
      const body = seededBody(`left-${round}`, size);
      const path = join(server.temporaryDirectory, `left-${round}`);
      const leaver = new RawClient(server.port);
      leaver.send(headOf(body, `until=${path}.go&keep=${path}`));
      leaver.send(body);
      await waitFor("the first half to be read", () => existsSync(`${path}.begun`));
      leaver.reset();
      await uploadMany(server, size);
      writeFileSync(`${path}.go`, "");
      await waitFor("the digest", () => existsSync(path));
      assert.equal(readFileSync(path, "latin1"), sha256(body));
    }
    await assertAllFree(server);
  });

  it("stay as they are while a worker reads them, though their requests have timed out", async () => {
    const args = ["--workers", "1", "--threads", "2", "--request-timeout", "1s"];
    await using server = await serve(...args);
    const [worker] = server.workers;
    const path = join(server.temporaryDirectory, "timed-out");
    // Its worker may go on for as long as this lasts.
    using drip = new RawClient(server.port);
    drip.send(`GET /?drip=${path}.end HTTP/1.1\r\nHost: a\r\n\r\n`);
    const body = seededBody("timed-out", MIB);
    using client = new RawClient(server.port);
    client.send(headOf(body, `until=${path}.go&keep=${path}`));
    client.send(body);
    assert.equal((await client.response("POST", 60_000)).status, 504);
    await waitFor("another worker", () => server.workers.some((each) => each !== worker), 60_000);
    await uploadMany(server, MIB);
    writeFileSync(`${path}.go`, "");
    await waitFor("the digest", () => existsSync(path));
    assert.equal(readFileSync(path, "latin1"), sha256(body));
    writeFileSync(`${path}.end`, "");
    await assertAllFree(server);
  });

  it("stay as they are while they wait in a worker's socket, though their requests have timed out", async () => {
    const args = ["--workers", "1", "--request-timeout", "1s", "--body-memory", "4MiB"];
    await using server = await serve(...args);
    const [worker = 0] = server.workers;
    const path = join(server.temporaryDirectory, "waiting");
    process.kill(worker, "SIGSTOP");
    using client = new RawClient(server.port);
    const body = seededBody("waiting", 3 * MIB);
    client.send(headOf(body, `keep=${path}`));
    client.send(body);
    assert.equal((await client.response("POST", 60_000)).status, 504);
    using other = new RawClient(server.port);
    const others = seededBody("others", 3 * MIB);
    other.send(headOf(others));
    other.send(others.subarray(0, -1));
    await waitFor("the front to have read them", () => other.socket.writableLength === 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(worker, "SIGCONT");
    await waitFor(
      "the digest, or its end",
      () => existsSync(path) || !server.workers.includes(worker),
    );
    if (existsSync(path)) assert.equal(readFileSync(path, "latin1"), sha256(body));
    other.send(others.subarray(-1));
    await assertTaken(other, others);
  });

  it("are given to no other worker without their bodies when their requests have timed out", async () => {
    for (const size of [300, 100_000]) {
      await using server = await serve("--workers", "1", "--request-timeout", "1s");
      const [worker = 0] = server.workers;
      const path = join(server.temporaryDirectory, "never");
      process.kill(worker, "SIGSTOP");
      using client = new RawClient(server.port);
      const body = seededBody("never", size);
      client.send(headOf(body, `keep=${path}`));
      client.send(body);
      assert.equal((await client.response("POST", 60_000)).status, 504);
      process.kill(worker, "SIGKILL");
      await waitFor("another worker", () => server.workers.some((each) => each !== worker), 60_000);
      const { workers } = server;
      await uploadMany(server, 300);
      assert.deepEqual(server.workers, workers);
      assert.equal(existsSync(`${path}.begun`), false);
    }
  });
});

/** Who comes next: they would have each slot that is free. */
async function uploadMany(server: ServerUnderTest, size: number): Promise<void> {
  using client = new RawClient(server.port);
  for (let count = 0; count < 10; count++) {
    const body = seededBody(`next-${count}`, size);
    client.send(headOf(body));
    client.send(body);
    await assertTaken(client, body);
  }
}

interface Tally {
  right: number;
  refused: number;
}

/** Uploads on connections of their own until it is stopped: each answer must be right or a refusal of the server's. */
function startUploads(server: ServerUnderTest, clients: number): Load<Tally> {
  const tally: Tally = { right: 0, refused: 0 };
  return startLoad(clients, tally, async (number) => {
    const body = seededBody(`load-${number}`, SIZES[number % SIZES.length] ?? 0);
    using client = new RawClient(server.port);
    const isChunked = number % 3 === 0;
    const bytes = isChunked ? chunked(body, 70_000) : body;
    const head = headOf(body);
    client.send(
      isChunked ? head.replace(/Content-Length: \d+/, "Transfer-Encoding: chunked") : head,
    );
    if (number % 5 === 4) {
      client.send(bytes.subarray(0, bytes.length / 2));
      await new Promise((resolve) => setTimeout(resolve, number % 20));
      client.reset();
      return;
    }
    client.send(bytes);
    if (number % 5 === 3) {
      await new Promise((resolve) => setTimeout(resolve, number % 10));
      client.reset();
      return;
    }
    // A POST that its worker died of is not repeated.
    const { status, body: text } = await client.response("POST", 60_000);
    if (status === 200) {
      assert.equal(text.toString(), sha256(body), `of ${body.length} bytes`);
      tally.right++;
    } else {
      assert.ok(status >= 500, `status ${status}`);
      tally.refused++;
    }
  });
}

describe("large bodies under load", { skip }, () => {
  for (const threads of ["1", "2"]) {
    it(`arrive or are refused when workers are killed, with ${threads} threads each`, async () => {
      await using server = await serve("--workers", "2", "--threads", threads);
      const load = startUploads(server, 8);
      await killWorkers(server, load, 20);
      await load.stop();
      assert.ok(load.tally.right >= 60, JSON.stringify(load.tally));
      await assertAllFree(server);
    });
  }

  it("arrive or are refused when the zygote is killed", async () => {
    await using server = await serve("--workers", "2");
    const load = startUploads(server, 8);
    await killZygotes(server, load, 3);
    await load.stop();
    await assertAllFree(server);
    await waitFor("one generation's memory", () => mappedMemories(server) === 1, 60_000);
  });

  it("all arrive when the server reloads, and the memory of old workers is let go", async () => {
    await using server = await serve("--workers", "2");
    const load = startUploads(server, 8);
    await reloadUnder(server, load, 4);
    await load.stop();
    assert.equal(load.tally.refused, 0);
    await assertAllFree(server);
    await waitFor("one generation's memory", () => mappedMemories(server) === 1, 60_000);
  });
});
