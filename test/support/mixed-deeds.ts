// What the mixed run does to a server beside its ordinary load: it makes workers crash and hang, kills them, reloads, goes away in the middle.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { get as message } from "./answers-app.ts";
import { RawClient, rawRequest, type RawResponse } from "./raw-client.ts";
import { type ServerUnderTest, waitFor } from "./server.ts";

const ABORTS_AT_ONCE = 10;

export type Counts = Record<"crashes" | "kills" | "hangs" | "reloads" | "aborts", number>;

export class MixedDeeds {
  readonly counts: Counts = { crashes: 0, kills: 0, hangs: 0, reloads: 0, aborts: 0 };
  /** Pids of workers that were sent SIGKILL, since the very start. */
  readonly killed = new Set<number>();
  /** Requests that should have been answered and were not, as startPoliteLoad() tells them. */
  readonly unanswered: string[] = [];
  readonly #server: ServerUnderTest;

  constructor(server: ServerUnderTest) {
    this.#server = server;
  }

  async crash(): Promise<void> {
    // POST: not safe, so it is not run twice.
    const request = "POST /exit HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert.equal((await rawRequest(this.#server.port, request)).status, 502);
    this.counts.crashes++;
  }

  async killWorker(): Promise<void> {
    const [worker] = this.#server.workers;
    if (worker === undefined) return;
    try {
      process.kill(worker, "SIGKILL");
      this.killed.add(worker);
      this.counts.kills++;
    } catch {
      // It has just ended by itself.
    }
  }

  async hang(): Promise<void> {
    const answer = await rawRequest(this.#server.port, message("/hang"));
    if (answer.status === 502) this.#note(answer);
    else assert.equal(answer.status, 504);
    this.counts.hangs++;
  }

  async reload(): Promise<void> {
    this.counts.reloads++;
    const version = `v${this.counts.reloads}-${Math.round(performance.now())}`;
    writeFileSync(join(this.#server.temporaryDirectory, "version"), version);
    this.#server.signal("SIGHUP");
    await waitFor(`version ${version}`, async () => {
      const answer = await rawRequest(this.#server.port, message("/"));
      if (answer.status !== 200) this.#note(answer);
      return answer.body.toString().endsWith(version);
    });
  }

  async abortSome(): Promise<void> {
    const upload = `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`;
    const beginnings = [
      "GET / HTTP/1.1\r\nHost: a\r\nX-Half: ",
      upload + "x".repeat(100_000),
      message("/big"),
      message("/stream?n=100000000"),
    ];
    const clients = Array.from({ length: ABORTS_AT_ONCE }, () => new RawClient(this.#server.port));
    for (const [index, client] of clients.entries()) {
      client.socket.once("data", () => client.pause());
      client.send(beginnings[index % beginnings.length] ?? "");
    }
    await sleep(50);
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.reset();
      else client.socket.destroy();
    }
    this.counts.aborts += clients.length;
  }

  #note({ status, reason, fields }: RawResponse): void {
    this.unanswered.push(`HTTP/1.1 ${status} ${reason} [${fields.get("x-request-id") ?? "no id"}]`);
  }
}
