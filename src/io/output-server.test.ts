import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { OutputServer } from "./output-server.ts";
import type { MessageLog } from "./server-log.ts";

const HELLO_TIMEOUT_MS = 10_000;
const HELLO = `${JSON.stringify({ pid: 1, worker: 1, stream: "stdout", mark: "0".repeat(32) })}\n`;

const directory = mkdtempSync(join(tmpdir(), "rickhouse-output-"));
after(() => rmSync(directory, { recursive: true }));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** A log whose reader a test stops. */
class TestLog implements MessageLog {
  readonly lines: string[] = [];
  isBehind = false;
  onRelief: (() => void) | undefined;
  format = (_: string, text: string): string => text;
  write(lines: string): void {
    this.lines.push(lines);
  }
}

describe("OutputServer", () => {
  const path = join(directory, "output.sock");
  let log: TestLog;
  let server: OutputServer;
  const open: Socket[] = [];
  beforeEach(async () => {
    log = new TestLog();
    server = new OutputServer(log);
    await server.listen(path);
  });
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    await server.close();
  });

  async function say(text: string): Promise<Socket> {
    const socket = connect(path);
    open.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    if (text !== "") socket.write(text);
    return socket;
  }

  it("sends away who does not say who it is", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    await say(`${HELLO}one\n`);
    const silent = await say("");
    await until(() => log.lines.length === 1);
    test.mock.timers.tick(HELLO_TIMEOUT_MS);
    silent.resume();
    await once(silent, "close");
    test.mock.timers.reset();
  });

  it("does not judge who comes while nobody reads the log", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    log.isBehind = true;
    await say(`${HELLO}one\n`);
    await until(() => log.lines.length === 1);
    const late = await say(`${HELLO}two\n`);
    for (let turns = 0; turns < 20; turns++) await setImmediate();
    test.mock.timers.tick(HELLO_TIMEOUT_MS);
    log.isBehind = false;
    log.onRelief?.();
    test.mock.timers.reset();
    late.resume();
    await Promise.race([once(late, "close"), until(() => log.lines.length === 2 || late.closed)]);
    assert.deepEqual(log.lines, ["one", "two"]);
  });
});
