// The access log is complete: whatever becomes of a request, there is one line for it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

interface Line {
  readonly time: string;
  readonly request_id: string | null;
  readonly client: string | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly status: number;
  readonly outcome: string | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly receive_ms: number | null;
  readonly queue_ms: number | null;
  readonly app_ms: number | null;
  readonly total_ms: number;
  readonly pid: number | null;
  readonly user_agent: string | null;
  readonly referrer: string | null;
}

/** A server whose access log is a file. */
async function startLogged(
  application: string,
  args: readonly string[],
): Promise<
  {
    server: ServerUnderTest;
    readonly lines: () => Line[];
    readonly text: () => string;
  } & AsyncDisposable
> {
  const directory = ServerUnderTest.makeDirectory();
  const path = join(directory, "access");
  const server = await startServer(application, {
    args: ["--access-log", path, ...args],
    directory,
  });
  const text = (): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
  const lines = (): Line[] =>
    text()
      .split("\n")
      .slice(0, -1)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the test then checks
      .map((line) => JSON.parse(line) as Line);
  const dispose = (): Promise<void> => server[Symbol.asyncDispose]();
  return { server, lines, text, [Symbol.asyncDispose]: dispose };
}

function send(server: ServerUnderTest, bytes: string): RawClient {
  const client = new RawClient(server.port);
  client.send(bytes);
  return client;
}

/** What the lines say, in an order that does not depend on time. */
function summaryOf(lines: readonly Line[]): string[] {
  return lines.map((line) => `${line.status} ${line.target} ${line.outcome}`).toSorted();
}

describe("the access log", () => {
  it("has one line for each request, whatever becomes of it", async () => {
    const args = ["--workers", "1", "--head-timeout", "400ms", "--body-timeout", "400ms"];
    const limits = ["--max-body", "1000", "--max-field", "300", "--queue-length", "1"];
    await using logged = await startLogged("gated:app", [...args, ...limits]);
    const { server, lines } = logged;
    const expected: string[] = [];
    const expectAnswer = async (bytes: string, line: string): Promise<void> => {
      using client = send(server, bytes);
      assert.equal((await client.response()).status, Number(line.slice(0, 3)));
      expected.push(line);
    };

    assert.equal((await get(server.port, "/free/a")).status, 200);
    expected.push("200 /free/a null");
    await expectAnswer("BROKEN\r\n\r\n", "400 null badRequestLine");
    await expectAnswer("GET /no-host HTTP/1.1\r\n\r\n", "400 /no-host missingHost");
    await expectAnswer("GET /slow-head HTTP/1.1\r\nHost:", "408 /slow-head headTimeout");
    const post = "POST /post HTTP/1.1\r\nHost: a\r\n";
    await expectAnswer(`${post}Content-Length: 5\r\n\r\nab`, "408 /post bodyTimeout");
    await expectAnswer(`${post}Content-Length: 5000\r\n\r\n`, "413 /post bodyTooLarge");
    const long = `GET /long HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(400)}\r\n\r\n`;
    await expectAnswer(long, "431 /long fieldTooLong");
    await expectAnswer(`GET /${"x".repeat(9000)} HTTP/1.1\r\n\r\n`, "414 null requestLineTooLong");
    await expectAnswer("GET / HTTP/2.0\r\n\r\n", "505 / versionNotSupported");

    // The worker is busy from here on: one request waits, the next is one too many.
    using held = begin(server.port, "GET", "/held");
    await noted(server, /^GET held in/);
    using waiting = begin(server.port, "GET", "/free/waits");
    await waitFor("both connections", () => server.connections >= 2);
    await expectAnswer("GET /full HTTP/1.1\r\nHost: a\r\n\r\n", "503 /full queueFull");
    waiting.reset();
    expected.push("499 /free/waits clientGone");
    await waitFor("its line", () => summaryOf(lines()).includes("499 /free/waits clientGone"));

    // Clients that leave before their request is whole.
    send(server, "GET /cut-head HTTP/1.1\r\nHo").end();
    expected.push("499 /cut-head clientGone");
    send(server, `${post.replace("post", "cut-body")}Content-Length: 9\r\n\r\nab`).end();
    expected.push("499 /cut-body clientGone");
    const cutRequest = send(server, "GE");
    await waitFor("bytes at the server", () => cutRequest.socket.bytesWritten === 2);
    cutRequest.end();
    expected.push("499 null clientGone");
    await waitFor("their lines", () => lines().length >= expected.length);

    openGate(server, "held");
    assert.equal((await held.response()).status, 200);
    expected.push("200 /held null");
    await server.exitAfterDrain();
    assert.deepEqual(summaryOf(lines()), expected.toSorted());
  });

  it("has one line for what dies, hangs, or finds no room", async () => {
    await using dying = await startLogged("dying:app", ["--workers", "1"]);
    assert.equal((await get(dying.server.port, "/exit")).status, 502);
    await waitFor("the line", () => dying.lines().length === 1);
    const [died] = dying.lines();
    assert.equal(died?.status, 502);
    assert.equal(died.outcome, "workerDied");
    assert.ok(died.pid !== null && died.pid > 1);
    await dying.server.logged(`[${died.request_id}]`);

    const hang = ["--workers", "1", "--request-timeout", "300ms", "--queue-timeout", "200ms"];
    await using hanging = await startLogged("gated:app", hang);
    using stuck = begin(hanging.server.port, "GET", "/stuck");
    await noted(hanging.server, /^GET stuck in/);
    using late = begin(hanging.server.port, "GET", "/late");
    assert.equal((await late.response()).status, 503);
    assert.equal((await stuck.response()).status, 504);
    await waitFor("two lines", () => hanging.lines().length === 2);
    assert.deepEqual(summaryOf(hanging.lines()), [
      "503 /late queueTimeout",
      "504 /stuck requestTimeout",
    ]);

    await using silent = await startLogged("hanging:app", hang);
    using stream = begin(silent.server.port, "GET", "/silent-stream");
    await stream.ended();
    await waitFor("the line", () => silent.lines().length === 1);
    const [cut] = silent.lines();
    assert.deepEqual(summaryOf(silent.lines()), ["200 /silent-stream requestTimeout"]);
    assert.ok((cut?.total_ms ?? 0) >= 300 && (cut?.app_ms ?? 0) >= 250, JSON.stringify(cut));

    const tight = ["--body-memory", "0", "--temp-disk", "10", "--workers", "1"];
    await using full = await startLogged("plain:app", tight);
    using upload = send(
      full.server,
      `POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n${"x".repeat(100)}`,
    );
    assert.equal((await upload.response()).status, 507);
    await waitFor("the line", () => full.lines().length === 1);
    assert.deepEqual(summaryOf(full.lines()), ["507 /up noSpace"]);
  });

  it("has the lines of those that the end of the server cuts", async () => {
    const args = ["--workers", "1", "--graceful-timeout", "300ms"];
    await using logged = await startLogged("gated:app", args);
    using running = begin(logged.server.port, "GET", "/running");
    await noted(logged.server, /^GET running in/);
    using partly = send(
      logged.server,
      "POST /part HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
    );
    await waitFor("both connections", () => logged.server.connections === 2);
    await logged.server.exitAfterDrain();
    await Promise.all([running.ended(), partly.ended()]);
    const targets = logged.lines().map(({ target, status }) => `${target} ${status}`);
    assert.deepEqual(targets.toSorted(), ["/part 503", "/running 503"]);
  });

  it("says that its lines are lost, once in a while", async () => {
    const args = ["--workers", "1", "--access-log", "/dev/full"];
    await using full = await startServer("plain:app", { args });
    for (let turn = 0; turn < 2; turn++) {
      assert.equal((await get(full.port, "/")).status, 200);
      await full.logged(/error: the access log cannot be written \(ENOSPC\): its lines are lost/);
    }
    await full.exitAfterDrain();
    assert.equal(full.stderr.split("ENOSPC").length, 2, full.stderr);
  });

  it("tells of a body that is announced too large all that its head has", async () => {
    const args = ["--workers", "1", "--max-body", "1000", "--forwarded-allow-ips", "127.0.0.1"];
    await using logged = await startLogged("echo:app", args);
    using client = send(
      logged.server,
      "POST /upload HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\nX-Request-ID: of-the-proxy\r\n" +
        "User-Agent: me\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n",
    );
    const response = await client.response();
    assert.deepEqual([response.status, response.fields.get("x-request-id")], [413, "of-the-proxy"]);
    await waitFor("the line", () => logged.lines().length === 1);
    const [line] = logged.lines();
    assert.deepEqual(
      [line?.status, line?.request_id, line?.client, line?.user_agent, line?.bytes_in],
      [413, "of-the-proxy", "192.0.2.7", "me", 0],
    );
  });

  it("tells of each request what is known", async () => {
    await using logged = await startLogged("echo:app", ["--workers", "1"]);
    const { server } = logged;
    const sentAt = Date.now();
    using client = send(
      server,
      `POST /a%20b?c=d HTTP/1.1\r\nHost: a\r\nUser-Agent: me "1" \\ é\xff\r\nReferer: http://b/\u00c3\u00a9\r\n` +
        "Content-Length: 3\r\n\r\nabc",
    );
    const response = await client.response();
    await waitFor("the line", () => logged.lines().length === 1);
    const [line] = logged.lines();
    assert.ok(line !== undefined);
    assert.equal(line.request_id, response.fields.get("x-request-id"));
    assert.match(line.request_id ?? "", /^[0-9a-z]{18}$/);
    assert.equal(line.client, "127.0.0.1");
    assert.equal(line.method, "POST");
    assert.equal(line.target, "/a%20b?c=d");
    assert.equal(line.status, 200);
    assert.equal(line.bytes_in, 3);
    assert.equal(line.bytes_out, response.body.length);
    assert.equal(line.pid, server.workers[0]);
    assert.equal(line.user_agent, String.raw`me \x221\x22 \x5c \xe9\xff`);
    assert.equal(line.referrer, "http://b/é");
    assert.equal(line.outcome, null);
    const endedAt = Date.parse(line.time);
    assert.ok(endedAt >= sentAt - 1 && endedAt <= Date.now() + 1, line.time);
    const { receive_ms: receive, queue_ms: queue, app_ms: app, total_ms: total } = line;
    assert.ok(receive !== null && receive >= 0 && queue !== null && queue >= 0);
    assert.ok(app !== null && app > 0);
    assert.ok(Math.abs(receive + queue + app - total) < 0.01, JSON.stringify(line));
  });

  it("writes one's own format, and the common ones", async () => {
    const format = '{client} {{x}} "{request_line}" {status} {bytes_out} {user_agent}';
    const args = ["--workers", "1", "--access-log-format", format, "--access-log-query=off"];
    await using own = await startLogged("plain:app", args);
    using client = send(own.server, "GET /a?secret HTTP/1.1\r\nHost: a\r\n\r\n");
    const { body } = await client.response();
    await waitFor("the line", () => own.text() !== "");
    assert.equal(own.text(), `127.0.0.1 {x} "GET /a HTTP/1.1" 200 ${body.length} -\n`);

    const combined = ["--workers", "1", "--access-log-format", "combined"];
    await using usual = await startLogged("plain:app", combined);
    using other = send(usual.server, "GET /a?b HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n");
    await other.response();
    await waitFor("the line", () => usual.text() !== "");
    assert.match(
      usual.text(),
      /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a\?b HTTP\/1\.1" 200 \d+ "-" "x"\n$/,
    );
  });
});
