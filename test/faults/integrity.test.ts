// Many connections at once, each with bodies of its own, through all buffers and files that they share: every byte arrives where it belongs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededBody } from "../support/bodies.ts";
import { get } from "../support/answers-app.ts";
import { RawClient } from "../support/raw-client.ts";
import { startServer } from "../support/server.ts";

const CONNECTIONS = 16;
const REQUESTS = 8;
/** Of the usual ones. */
const MOST_BYTES = 2_000_000;
/** More than the kernel keeps for a connection: a slow reader of it is waited for. */
const LARGE_BYTES = 12_000_000;
/** Small: most bodies and the answers of slow readers go to files, and some of those are full too. */
const ARGS = ["--body-memory", "200k", "--response-memory", "100k", "--response-file", "1m"];

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function sizeOf(random: (below: number) => number): number {
  if (random(8) === 0) return LARGE_BYTES + random(MOST_BYTES);
  // Of every magnitude.
  return random(2 ** (1 + random(Math.ceil(Math.log2(MOST_BYTES)))));
}

/** Small, around what is copied, around what is read at once, larger. */
const PIECES = [0, 700, 16_384, 16_385, 65_536, 65_537, 300_000];

async function sendBody(
  client: RawClient,
  body: Buffer,
  random: (below: number) => number,
): Promise<void> {
  const isChunked = random(2) === 0;
  const query = queryOf(random);
  const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
  client.send(`POST /?${query} HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
  const size = Math.max(5000, PIECES[random(PIECES.length)] ?? 0);
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    if (isChunked) client.send(`${piece.length.toString(16)}\r\n`);
    client.send(piece);
    if (isChunked) client.send("\r\n");
    if (random(4) === 0) await turn();
  }
  if (isChunked) client.send("0\r\n\r\n");
}

function queryOf(random: (below: number) => number): string {
  const piece = PIECES[random(PIECES.length)] ?? 0;
  return `piece=${piece}${random(2) === 0 ? "&length=1" : ""}`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A reader that takes a little now and then, until it is told to go on. */
function slowDown(client: RawClient, random: (below: number) => number): () => void {
  client.pause();
  const timer = setInterval(() => {
    if (random(3) > 0) return;
    client.resume();
    setImmediate(() => {
      if (!isOver) client.pause();
    });
  }, 5);
  let isOver = false;
  return () => {
    isOver = true;
    clearInterval(timer);
    client.resume();
  };
}

/** Requests of one connection after the other; a new connection behind each that it aborts. */
async function converse(port: number, seed: number): Promise<void> {
  const random = randomOf(seed);
  let client = new RawClient(port);
  try {
    for (let number = 0; number < REQUESTS; number++) {
      const key = `${seed}-${number}`;
      const body = seededBody(key, sizeOf(random));
      const isUpload = random(2) === 0;
      const isHead = !isUpload && random(6) === 0;
      const goOn = random(2) === 0 ? slowDown(client, random) : () => {};
      const target = `/?seed=${key}&n=${body.length}&${queryOf(random)}`;
      if (isUpload) await sendBody(client, body, random);
      else client.send(isHead ? get(target).replace("GET", "HEAD") : get(target));
      if (random(8) === 0) {
        await client.bytes(1, 60_000);
        goOn();
        client.reset();
        client = new RawClient(port);
        continue;
      }
      // A slow reader's last part is read without stopping.
      if (body.length > 0 && !isHead) await client.bytes(Math.floor(body.length / 2), 60_000);
      goOn();
      const answer = await client.response(isHead ? "HEAD" : "GET", 60_000);
      assert.equal(answer.status, 200, key);
      if (!isHead) assert.ok(answer.isWhole && answer.body.equals(body), `the body of ${key}`);
    }
  } finally {
    client.socket.destroy();
  }
}

describe("bodies of many connections at once", () => {
  for (const threads of ["1", "4"]) {
    it(`arrive byte for byte, with ${threads} threads a worker`, async () => {
      const args = ["--workers", "2", "--threads", threads, ...ARGS];
      await using server = await startServer("keyed:app", { args });
      const seeds = Array.from({ length: CONNECTIONS }, (_, index) => 1000 + index);
      await Promise.all(seeds.map((seed) => converse(server.port, seed)));
    });
  }
});
