// What a line of the access log costs: requests that are over, handed to the log as connections hand them over, written to /dev/null. Processor
// time of the whole process, so that the garbage collector's threads and the writing count. Usage: node bench/access-log.ts [FORMAT ...]

import { openAccessLog } from "../src/io/access-log.ts";
import { Exchange, type AnswerSink, type WholeRequest } from "../src/core/http/exchange.ts";
import { encodeConnectionEnviron } from "../src/core/wire/connection-environ.ts";
import { EnvironEncoder } from "../src/core/wire/environ.ts";
import { ID_PREFIX_BYTES, RequestTrace } from "../src/core/wire/request-trace.ts";
import { headOf, type SampleRequest } from "../test/support/sample-request.ts";

const ROUNDS = 7;
const TURNS = 4000;
/** Requests that end in one turn of the event loop. */
const LINES_A_TURN = 64;
/** As many as are alive in a busy server, and more than a cache holds. */
const REQUESTS = 1024;

const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const KINDS: Record<string, SampleRequest["fields"]> = {
  short: [["Host", "localhost"]],
  browser: [
    ["Host", "shop.example"],
    ["User-Agent", CHROME],
    ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
    ["Accept-Encoding", "gzip, deflate, br"],
    ["Accept-Language", "en-US,en;q=0.9"],
    ["Referer", "https://shop.example/items?page=2"],
    ["Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"],
  ],
};

const FACTS = { remoteAddress: "192.0.2.1", remotePort: "50000", serverName: "shop.example" };
const CONNECTION = encodeConnectionEnviron({ ...FACTS, serverPort: "443", scheme: "https" });
const NOBODY: AnswerSink = {
  answerBegan: () => {},
  answerContinued: () => {},
  answerEnded: () => {},
  answerRefused: () => {},
  answerAbandoned: () => {},
};

const random = new Uint8Array(ID_PREFIX_BYTES);
const encoder = new EnvironEncoder(
  undefined,
  new RequestTrace({ random, hasIds: true, now: Date.now }),
);

function exchangeOf(fields: SampleRequest["fields"], number: number): Exchange {
  const target = `/items/${number}?view=full`;
  const head = headOf({ method: "GET", target, minorVersion: 1, fields });
  const length = encoder.encode(head, CONNECTION);
  const { idStart = 0, idEnd = 0 } = encoder.trace ?? {};
  const environ = Buffer.allocUnsafe(length);
  environ.set(encoder.bytes.subarray(0, length), 0);
  const request: WholeRequest = {
    route: 0,
    isSafe: true,
    isHead: false,
    minorVersion: 1,
    method: encoder.method,
    targetAt: encoder.targetAt,
    agentAt: encoder.agentAt,
    referrerAt: encoder.referrerAt,
    idStart,
    idEnd,
    headAt: 0,
    isChunked: false,
    keepAlive: true,
    requestLine: `GET ${target}`,
    environ,
    body: undefined,
    frameBytes: length,
  };
  const exchange = new Exchange(request, NOBODY, performance.now());
  exchange.status = 200;
  exchange.bytesSent = 1000 + number;
  exchange.runMs = 0.1 + number / 100;
  exchange.workerPid = 4242;
  return exchange;
}

async function microsecondsPerLine(
  format: string,
  exchanges: readonly Exchange[],
): Promise<number> {
  const target = { kind: "file", path: "/dev/null" } as const;
  const log = openAccessLog({ target, format, hasQuery: true, mayColour: false }, () => {});
  if (log === undefined) throw new Error("no log");
  const before = process.cpuUsage();
  let next = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const now = performance.now();
    for (let line = 0; line < LINES_A_TURN; line++) {
      const exchange = exchanges[next++ % exchanges.length];
      if (exchange !== undefined) log.exchangeOver(exchange, now);
    }
    await new Promise(setImmediate);
  }
  await log.close();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (TURNS * LINES_A_TURN);
}

const asked = process.argv.slice(2);
for (const format of asked.length > 0 ? asked : ["json", "common", "combined"]) {
  for (const [kind, fields] of Object.entries(KINDS)) {
    const exchanges = Array.from({ length: REQUESTS }, (_, number) => exchangeOf(fields, number));
    const results: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      results.push(await microsecondsPerLine(format, exchanges));
    }
    const sorted = results.toSorted((a, b) => a - b);
    const all = results.map((us) => us.toFixed(2)).join(" ");
    console.log(
      `${format}, ${kind} request: ${sorted[ROUNDS >> 1]?.toFixed(2)} us a line (${all})`,
    );
  }
}
