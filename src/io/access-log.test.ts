import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

const LINES = 20_000;

const OPEN = `
  import { openAccessLog } from "${new URL("access-log.ts", import.meta.url).href}";
  const target = { kind: "stdout" };
  const log = openAccessLog({ target, format: "{status} {client}", hasQuery: true, mayColour: false }, () => {});
`;

/** Writes so many lines to standard output, a turn of the event loop apart now and then, and ends as the server does. */
const MANY = `
  ${OPEN}
  const facts = { requestLine: "", id: "", bytesReceived: 0, bytesSent: 0, head: undefined, elapsedMs: 0 };
  for (let number = 0; number < ${LINES}; number++) {
    const remoteAddress = String(number).padStart(200, "0");
    log.refused({ ...facts, refusal: { status: 400, code: "badRequest" }, remoteAddress });
    if (number % 64 === 63) await new Promise(setImmediate);
  }
  await log.close();
  process.exit(0);
`;

/** What waits for others to be made into lines is more than is written at once; then another log takes its place. */
const RETIRED = `
  ${OPEN}
  import { REMOTE_ADDRESS_AT } from "${new URL("../core/wire/environ.ts", import.meta.url).href}";
  import { encodeConnectionEnviron } from "${new URL("../core/wire/connection-environ.ts", import.meta.url).href}";
  const NOWHERE = { remotePort: "", serverName: "", serverPort: "", scheme: "http" };
  const facts = { receivedAt: 0, startedAt: 0, answeredAt: 1, runMs: 1, status: 400, outcome: "", bytesSent: 0, workerPid: 0 };
  for (let number = 0; number < 31; number++) {
    const { values } = encodeConnectionEnviron({ ...NOWHERE, remoteAddress: String(number).padStart(2000, "0") });
    const environ = Buffer.concat([Buffer.alloc(REMOTE_ADDRESS_AT), values]);
    log.exchangeOver({ ...facts, request: { headAt: 0, body: undefined, environ } }, 1);
  }
  log.retire();
`;

/** The application goes on behind its answer, and returns before the line is made. */
const RUNNING_ON = `
  ${OPEN.replace("{status} {client}", "{queue_ms} {app_ms} {total_ms}")}
  const request = { headAt: 0, body: undefined };
  const facts = { request, receivedAt: 100, startedAt: 130, answeredAt: 135, runMs: 0, status: 200, outcome: "", bytesSent: 0, workerPid: 1 };
  const exchange = { ...facts };
  log.exchangeOver(exchange, 135);
  Object.assign(exchange, { answeredAt: 170, runMs: 45 });
  await log.close();
`;

/** Takes what a pipe holds, and then nothing for a while, for longer in all than a log waits for one that takes nothing. */
const SLOW_READER = `
  import { readSync, writeSync } from "node:fs";
  const part = Buffer.alloc(65536);
  for (let turn = 0; turn < 12; turn++) {
    writeSync(1, part, 0, readSync(0, part));
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  process.stdin.pipe(process.stdout);
`;

/** What comes through a pipe from the writer to the reader. */
function linesThrough(reader: string, writer = MANY): string[] {
  const { stdout } = spawnSync("/bin/sh", ["-c", `"$NODE" $ARGS "$WRITER" | ${reader}`], {
    env: {
      ...process.env,
      NODE: process.execPath,
      ARGS: "--disable-warning=ExperimentalWarning --input-type=module -e",
      WRITER: writer,
      READER: SLOW_READER,
    },
    encoding: "latin1",
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\n").slice(0, -1);
}

function numbersOf(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/^400 (\d+)$/.exec(line)?.[1]));
}

const ALL = Array.from({ length: LINES }, (_, number) => number);

describe("an access log to a pipe", () => {
  it("has all lines, in their order, when the reader takes them as they come", () => {
    assert.deepEqual(numbersOf(linesThrough("cat")), ALL);
  });

  it("has all lines when the reader is slow, but goes on taking them at the end", () => {
    assert.deepEqual(numbersOf(linesThrough('"$NODE" $ARGS "$READER"')), ALL);
  });

  it("has all lines when another takes its place", () => {
    assert.deepEqual(numbersOf(linesThrough("cat", RETIRED)), ALL.slice(0, 31));
  });

  it("divides the time until a request was over, whatever its application did behind that", () => {
    assert.deepEqual(linesThrough("cat", RUNNING_ON), ["25.000 10.000 35.000"]);
  });
});
