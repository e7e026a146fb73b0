// Raw requests against one running server, judged by what is answered, by what the application saw and by what becomes of the connection.
// The tables in test/vectors/http-server/ say what is right; nothing here knows a rule of the protocol.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { RawClient, type RawResponse } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer } from "../support/server.ts";
import { CHUNKED } from "../vectors/http-server/chunked.ts";
import { CONNECTION } from "../vectors/http-server/connection.ts";
import { FIELDS } from "../vectors/http-server/fields.ts";
import { FRAMING } from "../vectors/http-server/framing.ts";
import { LIMITS } from "../vectors/http-server/limits.ts";
import { REQUEST_LINE } from "../vectors/http-server/request-line.ts";
import type { Row, Seen } from "../vectors/http-server/row.ts";

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  "request line": REQUEST_LINE,
  fields: FIELDS,
  framing: FRAMING,
  chunked: CHUNKED,
  connection: CONNECTION,
  limits: LIMITS,
};
const ROWS = Object.values(TABLES).flat();

/** Longer ones would be slow byte by byte, and prove nothing more. */
const MAX_DRIBBLED_BYTES = 1500;
const AT_ONCE = 8;
const PROBE = "GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n";

/** What test/apps/echo.py answers. */
interface Echo {
  readonly count: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly environ: Readonly<Record<string, string>>;
  readonly is_native: boolean;
  readonly wsgi: Readonly<Record<string, unknown>>;
  readonly body: { length: number; sha256: string; text: string; after_end: string };
}

type Delivery = "whole" | "in two" | "byte by byte";

describe("raw requests", () => {
  let server: ServerUnderTest;
  /** How often the application must have been called so far. */
  let calls = 0;

  before(async () => {
    const limits = ["--max-body", "20000", "--body-memory", "4096"];
    server = await startServer("echo:app", { args: ["--workers", "1", ...limits] });
  });
  after(async () => {
    await server.stop();
  });

  it("are many, and no name stands twice in a table", () => {
    assert.ok(ROWS.length >= 350, String(ROWS.length));
    for (const rows of Object.values(TABLES)) {
      const names = rows.map(({ name }) => name);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    }
  });

  for (const delivery of ["whole", "in two", "byte by byte"] as const) {
    for (const [table, rows] of Object.entries(TABLES)) {
      const fit = rows.filter((row) => isFit(row, delivery));
      describe(`${table}, ${delivery}`, { concurrency: AT_ONCE }, () => {
        for (const row of fit) {
          it(row.name, async () => {
            calls += callsOf(row);
            await check(server.port, row, delivery);
          });
        }
      });
    }
  }

  it("become exactly the environ of PEP 3333 and RFC 3875", async () => {
    calls++;
    using client = new RawClient(server.port);
    client.send(
      "POST /a%20b?c=d HTTP/1.1\r\nHost: h:1\r\nContent-Type: t/u\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nhi",
    );
    const { environ, wsgi } = echoOf(await client.response());
    const {
      SERVER_SOFTWARE: software = "",
      HTTP_X_REQUEST_ID: id = "",
      HTTP_X_REQUEST_START: start = "",
      ...others
    } = environ;
    assert.match(software, /^Rickhouse\/\d+\.\d+\.\d+$/);
    assert.match(id, /^[\da-z]{16,24}$/);
    assert.match(start, /^t=\d{16}$/);
    assert.deepEqual(others, {
      REQUEST_METHOD: "POST",
      SCRIPT_NAME: "",
      PATH_INFO: "/a b",
      QUERY_STRING: "c=d",
      REQUEST_URI: "/a%20b?c=d",
      RAW_URI: "/a%20b?c=d",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: String(server.port),
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_PORT: String(client.socket.localPort),
      CONTENT_TYPE: "t/u",
      CONTENT_LENGTH: "2",
      HTTP_HOST: "h:1",
      HTTP_X_Y: "z",
    });
    assert.equal(wsgi["wsgi.url_scheme"], "http");
    assert.equal(wsgi["wsgi.multithread"], false);
    assert.equal(wsgi["wsgi.run_once"], false);
  });

  it("reach the application exactly as often as the tables say", async () => {
    using client = new RawClient(server.port);
    client.send(PROBE);
    const { count } = echoOf(await client.response());
    assert.equal(count, calls + 1);
  });

  it("has said of none of them that something of its own went wrong", () => {
    assert.doesNotMatch(server.stderr, /error|exception|traceback/i);
  });
});

function isFit(row: Row, delivery: Delivery): boolean {
  if (delivery === "whole") return true;
  // The rest of it would come when the server has closed the connection: it is reset then.
  if (row.sendsOn) return false;
  return row.send.length > 1 && row.send.length <= MAX_DRIBBLED_BYTES;
}

/** HEAD requests reach it too; the probe behind a row counts. */
function callsOf(row: Row): number {
  return row.statuses.filter((status) => status === 200).length + (row.isOpen ? 1 : 0);
}

async function check(port: number, row: Row, delivery: Delivery): Promise<void> {
  using client = new RawClient(port);
  await deliver(client, row, delivery);
  if (row.isEnded) client.end();
  const answers: RawResponse[] = [];
  for (const status of row.statuses) {
    let answer = await client.response(row.isHead ? "HEAD" : "GET");
    // A body that does not come with its head is asked for.
    if (answer.status === 100 && delivery !== "whole") answer = await client.response();
    assert.equal(answer.status, status, answer.body.toString("latin1", 0, 500));
    assert.ok(answer.isWhole);
    answers.push(answer);
  }
  checkSeen(row, answers);
  const isClose = answers.at(-1)?.fields.get("connection") === "close";
  if (!row.isOpen) {
    await client.ended();
    assert.equal(client.error, undefined);
    assert.equal(client.received.toString("latin1"), "");
    if (!row.isEnded) assert.ok(isClose, "the last answer must say Connection: close");
    return;
  }
  assert.ok(!isClose);
  client.send(PROBE);
  assert.equal(echoOf(await client.response()).path, "/probe");
}

async function deliver(client: RawClient, { send }: Row, delivery: Delivery): Promise<void> {
  if (delivery === "byte by byte") {
    await client.dribble(send);
    return;
  }
  // A different place in every row, the same in every run.
  const cut = delivery === "whole" ? 0 : 1 + ((send.length * 7919) % (send.length - 1));
  client.send(send.slice(0, cut));
  if (cut > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  client.send(send.slice(cut));
}

function checkSeen(row: Row, answers: readonly RawResponse[]): void {
  const echoes = answers.filter(({ status }) => status === 200 && !row.isHead).map(echoOf);
  assert.equal(echoes.length, row.saw.length);
  for (const [index, seen] of row.saw.entries()) {
    const echo = echoes[index];
    assert.ok(echo !== undefined);
    checkEcho(echo, seen);
  }
}

function checkEcho(echo: Echo, seen: Seen): void {
  assert.ok(echo.is_native);
  assert.equal(echo.wsgi["wsgi.url_scheme"], "http");
  assert.equal(echo.body.after_end, "");
  const { length } = echo.environ["CONTENT_LENGTH"] ?? "";
  if (length > 0) assert.equal(echo.environ["CONTENT_LENGTH"], String(echo.body.length));
  const { method, path, query, body, isTerminated, environ = {}, absent = [] } = seen;
  if (isTerminated !== undefined) {
    assert.equal(echo.wsgi["wsgi.input_terminated"] ?? false, isTerminated);
  }
  if (method !== undefined) assert.equal(echo.method, method);
  if (path !== undefined) assert.equal(echo.path, path);
  if (query !== undefined) assert.equal(echo.query, query);
  if (body !== undefined) {
    const sha256 = createHash("sha256").update(Buffer.from(body, "latin1")).digest("hex");
    assert.equal(echo.body.sha256, sha256, echo.body.text);
  }
  for (const [key, value] of Object.entries(environ)) assert.equal(echo.environ[key], value, key);
  for (const key of absent) assert.equal(echo.environ[key], undefined, key);
}

function echoOf(answer: RawResponse): Echo {
  return JSON.parse(answer.body.toString("latin1"));
}
