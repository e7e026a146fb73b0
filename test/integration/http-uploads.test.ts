// Request bodies on their way to the application: in memory, in a file, refused, cut off.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { get, spoolFiles, stateOf } from "../support/answers-app.ts";
import { chunked } from "../support/bodies.ts";
import { pattern, sha256 } from "../support/pattern.ts";
import { residentKiB } from "../support/processes.ts";
import { RawClient } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const MIB = 2 ** 20;

interface Upload {
  readonly length: number;
  readonly sha256: string;
  readonly content_length: string;
  /** Of the file; null when there is none. */
  readonly mode: string | null;
}

function head(fields: string): string {
  return `POST /upload HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

/** The next answer tells of exactly this body. */
async function uploaded(client: RawClient, body: Buffer): Promise<Upload> {
  const answer = await client.response();
  assert.equal(answer.status, 200);
  const upload: Upload = JSON.parse(answer.body.toString());
  assert.equal(upload.length, body.length);
  assert.equal(upload.sha256, sha256(body));
  assert.equal(upload.content_length, String(body.length));
  return upload;
}

describe("uploads", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await startServer("answers:app", { args: ["--workers", "1"] });
  });
  after(async () => {
    await server.stop();
  });

  for (const [length, isInFile] of [
    [MIB - 1, false],
    [MIB, false],
    [MIB + 1, true],
    [20 * MIB, true],
  ] as const) {
    it(`${length} bytes by length ${isInFile ? "come in a file" : "stay in memory"}`, async () => {
      using client = new RawClient(server.port);
      const body = pattern(length);
      client.send(head(`Content-Length: ${length}\r\n`));
      client.send(body);
      const { mode } = await uploaded(client, body);
      assert.equal(mode, isInFile ? "0o600" : null);
      await waitFor("no file", () => spoolFiles(server).length === 0);
    });

    it(`${length} bytes in chunks ${isInFile ? "come in a file" : "stay in memory"}`, async () => {
      using client = new RawClient(server.port);
      const body = pattern(length);
      client.send(head("Transfer-Encoding: chunked\r\n"));
      client.send(chunked(body, 10_000));
      const { mode } = await uploaded(client, body);
      assert.equal(mode, isInFile ? "0o600" : null);
      await waitFor("no file", () => spoolFiles(server).length === 0);
    });
  }

  it("a body in chunks of one byte", async () => {
    using client = new RawClient(server.port);
    const body = pattern(200_000);
    client.send(head("Transfer-Encoding: chunked\r\n"));
    client.send(chunked(body, 1));
    await uploaded(client, body);
  });

  it("chunks of one byte cost the server little more than what they carry", async () => {
    using client = new RawClient(server.port);
    const atFirst = residentKiB(server.pid);
    const body = pattern(MIB - 1000);
    const clients = Array.from({ length: 8 }, () => new RawClient(server.port));
    // All but the end: everything is held.
    const part = chunked(body, 1).subarray(0, -5);
    for (const one of clients) {
      one.send(head("Transfer-Encoding: chunked\r\n"));
      one.send(part);
    }
    await waitFor("all of it sent", () => clients.every((one) => one.socket.writableLength === 0));
    client.send(get("/state"));
    await client.response();
    const grown = (residentKiB(server.pid) - atFirst) * 1024;
    for (const one of clients) one.reset();
    // One object for each byte would be 8 x 100 MiB and more.
    assert.ok(grown < 200 * MIB, `${Math.round(grown / MIB)} MiB`);
  });

  it("a file is for its owner alone while it grows, and goes when the client resets", async () => {
    using client = new RawClient(server.port);
    const { calls } = await stateOf(server.port);
    client.send(head(`Content-Length: ${4 * MIB}\r\n`));
    client.send(pattern(2 * MIB));
    await waitFor("a file", () => spoolFiles(server).length === 1);
    const [path = ""] = spoolFiles(server);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    client.reset();
    await waitFor("no file", () => spoolFiles(server).length === 0);
    assert.equal((await stateOf(server.port)).calls, calls);
  });

  for (const [name, fields, sent] of [
    ["by length, in memory", "Content-Length: 1000\r\n", pattern(999)],
    ["by length, in a file", `Content-Length: ${3 * MIB}\r\n`, pattern(2 * MIB)],
    ["in chunks", "Transfer-Encoding: chunked\r\n", chunked(pattern(999), 100).subarray(0, -5)],
    [
      "in chunks, but for one byte",
      "Transfer-Encoding: chunked\r\n",
      chunked(pattern(9), 9).subarray(0, -1),
    ],
  ] as const) {
    it(`cut off ${name}: the application never sees it`, async () => {
      const { calls } = await stateOf(server.port);
      using client = new RawClient(server.port);
      client.send(head(fields));
      client.send(sent);
      client.end();
      await client.ended();
      assert.equal(client.received.length, 0);
      assert.equal((await stateOf(server.port)).calls, calls);
      await waitFor("no file", () => spoolFiles(server).length === 0);
    });
  }

  it("100 Continue comes before the body, once, and only then", async () => {
    using client = new RawClient(server.port);
    const body = pattern(5000);
    client.send(head("Expect: 100-continue\r\nContent-Length: 5000\r\n"));
    assert.equal((await client.response()).status, 100);
    assert.equal(client.receivedBytes, 0);
    client.send(body);
    await uploaded(client, body);
    client.send(head("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));
    assert.equal((await client.response()).status, 100);
    client.send(chunked(body, 1000));
    await uploaded(client, body);
  });

  it("100 Continue comes behind the answers before it", async () => {
    using client = new RawClient(server.port);
    client.send(get("/list?n=5") + head("Expect: 100-continue\r\nContent-Length: 3\r\n"));
    assert.equal((await client.response()).body.length, 5);
    assert.equal((await client.response()).status, 100);
    client.send("abc");
    await uploaded(client, Buffer.from("abc"));
  });

  it("a request too large is told so while it is still being sent", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--max-body", "1m"],
    });
    using client = new RawClient(small.port);
    client.send(head(`Content-Length: ${30 * MIB}\r\n`));
    // Writes all of it before it reads, as simple clients do: a reset would take the answer from it.
    client.pause();
    client.send(pattern(30 * MIB));
    await waitFor("all of it sent", () => client.socket.writableLength === 0);
    client.resume();
    const answer = await client.response();
    assert.equal(answer.status, 413);
    assert.equal(answer.fields.get("connection"), "close");
    await client.ended();
    assert.equal(client.error, undefined);
  });

  it("the same when it is sent for longer than a moment", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--max-body", "1m"],
    });
    using client = new RawClient(small.port);
    client.send(head(`Content-Length: ${30 * MIB}\r\n`));
    client.pause();
    for (let i = 0; i < 14; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      client.send(pattern(1000));
    }
    client.resume();
    assert.equal((await client.response()).status, 413);
    await client.ended();
    assert.equal(client.error, undefined);
  });

  it("is told in the form that its client wants, as soon as that is known", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--max-body", "1m", "--max-field", "1k"],
    });
    const refused = async (fields: string): Promise<string | undefined> => {
      using client = new RawClient(small.port);
      client.send(head(fields));
      return (await client.response()).fields.get("content-type");
    };
    const tooLarge = `Content-Length: ${2 * MIB}\r\n`;
    const tooLong = `X: ${"a".repeat(2000)}\r\n`;
    assert.equal(await refused(`${tooLarge}Accept: application/json\r\n`), "application/json");
    assert.match((await refused(`Accept: text/html\r\n${tooLarge}`)) ?? "", /^text\/html/);
    assert.equal(await refused(`Accept: application/json\r\n${tooLong}`), "application/json");
    assert.match((await refused(tooLong)) ?? "", /^text\/plain/);
  });

  it("a chunked request that becomes too large is told so too", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--max-body", "3m"],
    });
    using client = new RawClient(small.port);
    client.send(head("Transfer-Encoding: chunked\r\n"));
    client.send(chunked(pattern(8 * MIB), 50_000));
    assert.equal((await client.response()).status, 413);
    await client.ended();
    assert.equal(client.error, undefined);
    assert.equal((await stateOf(small.port)).calls, 0);
    await waitFor("no file", () => spoolFiles(small).length === 0);
  });

  it("no room for it: 507, and the next one that fits is served", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--temp-disk", "2m"],
    });
    using client = new RawClient(small.port);
    client.send(head(`Content-Length: ${4 * MIB}\r\n`));
    client.send(pattern(4 * MIB));
    assert.equal((await client.response()).status, 507);
    await client.ended();
    await waitFor("no file", () => spoolFiles(small).length === 0);
    using second = new RawClient(small.port);
    second.send(head(`Content-Length: ${1.5 * MIB}\r\n`));
    second.send(pattern(1.5 * MIB));
    await uploaded(second, pattern(1.5 * MIB));
  });

  it("bodies beyond the memory of all together go to files", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--buffer-memory", "1m"],
    });
    const clients = Array.from({ length: 4 }, () => new RawClient(small.port));
    const body = pattern(500_000);
    for (const client of clients) {
      client.send(head("Content-Length: 500000\r\n"));
      client.send(body.subarray(0, 499_999));
    }
    await waitFor("files", () => spoolFiles(small).length >= 2);
    for (const client of clients) client.send(body.subarray(499_999));
    for (const client of clients) await uploaded(client, body);
    for (const client of clients) client[Symbol.dispose]();
    await waitFor("no file", () => spoolFiles(small).length === 0);
  });

  it("a small body has its place when memory and disk are used up", async () => {
    await using small = await startServer("answers:app", {
      args: ["--workers", "1", "--buffer-memory", "1m", "--temp-disk", "1m"],
    });
    const unfinished = (): RawClient => {
      const client = new RawClient(small.port);
      client.send(head(`Content-Length: ${MIB}\r\n`));
      client.send(pattern(MIB - 1));
      return client;
    };
    using inMemory = unfinished();
    await waitFor("all of it sent", () => inMemory.socket.writableLength === 0);
    // The server has had its turn at what was there.
    for (let i = 0; i < 10; i++) await stateOf(small.port);
    using _ = unfinished();
    await waitFor("all of the file", () => {
      const [path] = spoolFiles(small);
      return path !== undefined && statSync(path).size === MIB - 1;
    });
    using client = new RawClient(small.port);
    const body = pattern(20);
    client.send(head("Content-Length: 20\r\n"));
    client.send(body);
    await uploaded(client, body);
  });
});
