// One large body or answer, and what it costs in memory: the most that any process of the tree had beyond what it had before.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { get } from "./answers-app.ts";
import { rawRequest } from "./raw-client.ts";
import { startServer, type ServerUnderTest, waitFor } from "./server.ts";

const PIECE = Buffer.alloc(256 * 1024, "rickhouse");
const CHUNK = Buffer.concat([Buffer.from("40000\r\n"), PIECE, Buffer.from("\r\n")]);

export interface LargeRun {
  /** KiB, of the process that grew most. */
  readonly grownKiB: number;
  readonly elapsedMs: number;
}

export interface LargeOptions {
  /** The body comes in chunks; otherwise it has a Content-Length. */
  readonly isChunked?: boolean;
  /** The client reads as fast as it can; otherwise it pauses now and then. */
  readonly isFast?: boolean;
}

function startLarge(): Promise<ServerUnderTest> {
  const args = ["--workers", "1", "--max-body", "2GiB", "--request-timeout", "5m"];
  return startServer("answers:app", { args });
}

/** Anonymous and mapped pages; not the page cache, which the kernel takes back when it wants. */
function residentKiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]);
}

/** Looks at the tree while `work` goes on. */
async function watched(server: ServerUnderTest, work: () => Promise<void>): Promise<LargeRun> {
  // What is loaded at the first use.
  await rawRequest(server.port, get("/stream?n=1000000"));
  const tree = [server.pid, ...server.zygotes, ...server.workers];
  const before = tree.map(residentKiB);
  let grownKiB = 0;
  const timer = setInterval(() => {
    for (const [index, pid] of tree.entries()) {
      grownKiB = Math.max(grownKiB, residentKiB(pid) - (before[index] ?? 0));
    }
  }, 50);
  const startedAt = performance.now();
  await work();
  const elapsedMs = performance.now() - startedAt;
  clearInterval(timer);
  return { grownKiB, elapsedMs };
}

/** The application reads all of a body of `bytes`, a multiple of 256 KiB, from its file. Throws if it is not what was sent. */
async function largeUpload(
  bytes: number,
  { isChunked = false }: LargeOptions = {},
): Promise<LargeRun> {
  await using server = await startLarge();
  return await watched(server, async () => {
    const digest = createHash("sha256");
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes}`;
    const sent = isChunked ? CHUNK : PIECE;
    socket.write(`POST /upload HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    for (let at = 0; at < bytes; at += PIECE.length) {
      digest.update(PIECE);
      if (!socket.write(sent)) await drained(socket);
    }
    if (isChunked) socket.write("0\r\n\r\n");
    const expected = digest.digest("hex");
    await waitFor("the answer", () => answer.includes("}"), 300_000);
    socket.destroy();
    if (!answer.includes(`"sha256": "${expected}"`) && !answer.includes(`"sha256":"${expected}"`))
      throw new Error(`another body came: ${answer}`);
  });
}

/** A client reads all of a streamed answer, and pauses now and then. Throws if it is not as long as it should be. */
async function largeDownload(
  bytes: number,
  { isChunked = true, isFast = false }: LargeOptions = {},
): Promise<LargeRun> {
  await using server = await startLarge();
  return await watched(server, async () => {
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      // One that is slower than the application: what it has not read goes to a file.
      if (
        !isFast &&
        Math.floor(received / 2 ** 24) !== Math.floor((received + chunk.length) / 2 ** 24)
      ) {
        socket.pause();
        setTimeout(() => socket.resume(), 50);
      }
      received += chunk.length;
    });
    socket.write(
      get(
        isChunked ? `/stream?n=${bytes}` : `/length?n=${bytes}&say=${bytes}`,
        "Connection: close\r\n",
      ),
    );
    await waitFor("the end", () => socket.readableEnded, 300_000);
    if (received < bytes) throw new Error(`only ${received} bytes came`);
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", resolve);
  });
}

/** A few MiB are usual: buffers are used again. Of those that are not, V8 lets about 32 MiB pile up before it collects them. */
export const MOST_KIB = 40 * 1024;

/** What is done with one large body; the same with each size that is tried. */
export const LARGE_RUNS: readonly {
  readonly name: string;
  readonly run: (bytes: number) => Promise<LargeRun>;
}[] = [
  { name: "uploaded", run: (bytes) => largeUpload(bytes) },
  { name: "uploaded in chunks", run: (bytes) => largeUpload(bytes, { isChunked: true }) },
  { name: "downloaded by a client that pauses", run: (bytes) => largeDownload(bytes) },
  {
    name: "downloaded with a Content-Length by a client that is fast",
    run: (bytes) => largeDownload(bytes, { isChunked: false, isFast: true }),
  },
];
