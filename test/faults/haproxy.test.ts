// Instances behind HAProxy are restarted one after the other, under load, with the configuration of examples/haproxy: nothing is lost.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Outcome, runLoad } from "../support/load.ts";
import { freePort } from "../support/free-ports.ts";
import { missing, ProxyUnderTest } from "../support/proxy-under-test.ts";
import { rawRequest } from "../support/raw-client.ts";
import { get } from "../support/requests.ts";
import { ROOT, ServerUnderTest, waitFor } from "../support/server.ts";

const EXAMPLE = join(ROOT, "examples/haproxy/haproxy.cfg");
const APP = join(ROOT, "test/apps/echo:app");
const RESTARTS = 20;
/** Health checks of the test are closer together than the example's, so that its delay may be shorter. */
const ARGS = "--workers 1 --health-path /healthz --drain-delay 500ms --drain-idle 100ms".split(" ");

function startInstance(port: number): ServerUnderTest {
  const args = [...ARGS, "--forwarded-allow-ips", "127.0.0.1"];
  return new ServerUnderTest(APP, { bind: [`127.0.0.1:${port}`], args });
}

/** The example with the addresses of this test, and a socket on which HAProxy can be asked. */
function configure(directory: string, port: number, servers: readonly number[]): string {
  const changes: readonly (readonly [string, string])[] = [
    ["maxconn 20000\n", `maxconn 500\n    stats socket ${join(directory, "stats.sock")}\n`],
    ["bind :8080", `bind 127.0.0.1:${port}`],
    ["127.0.0.1:8001\n", `127.0.0.1:${servers[0]}\n`],
    ["127.0.0.1:8002\n", `127.0.0.1:${servers[1]}\n`],
    ["inter 500ms", "inter 100ms"],
  ];
  let text = readFileSync(EXAMPLE, "utf8").replaceAll(/^#.*\n/gm, "");
  for (const [from, to] of changes) {
    assert.equal(text.split(from).length, 2, `${from} stands once in the example`);
    text = text.replace(from, to);
  }
  const file = join(directory, "haproxy.cfg");
  writeFileSync(file, text);
  return file;
}

/** What HAProxy thinks of its servers: `app1` -> `UP`. */
async function statesOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const socket = connect(join(directory, "stats.sock"));
  socket.end("show stat\n");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  const rows = text.split("\n").map((line) => line.split(","));
  return new Map(rows.map((row) => [row[1] ?? "", row[17] ?? ""]));
}

describe("behind HAProxy", { skip: missing("haproxy") }, () => {
  it(`${RESTARTS} restarts of two instances in turn lose no request`, async () => {
    const directory = ServerUnderTest.makeDirectory();
    const ports = [await freePort(), await freePort()];
    const port = await freePort();
    const instances = ports.map(startInstance);
    await using stack = new AsyncDisposableStack();
    for (const index of instances.keys()) {
      stack.defer(async () => instances[index]?.[Symbol.asyncDispose]());
    }
    await Promise.all(instances.map((instance) => instance.ready()));
    await using proxy = new ProxyUnderTest("haproxy", [
      "-db",
      "-f",
      configure(directory, port, ports),
    ]);
    const bothUp = async (): Promise<boolean> => {
      const states = await statesOf(directory).catch(() => new Map<string, string>());
      return states.get("app1") === "UP" && states.get("app2") === "UP";
    };
    await proxy.ready(bothUp);

    const load = { isOver: false };
    const next = (): string | undefined => (load.isOver ? undefined : "/");
    const outcomes: Promise<Outcome[]>[] = (["GET", "POST"] as const).map((method) =>
      runLoad({ port, clients: 4, method, next, pauseMs: 5 }),
    );
    for (let n = 0; n < RESTARTS; n++) {
      const index = n % 2;
      await instances[index]?.stop();
      instances[index] = startInstance(ports[index] ?? 0);
      await instances[index].ready();
      await waitFor("both instances in HAProxy's eyes", bothUp);
    }
    load.isOver = true;
    const all = (await Promise.all(outcomes)).flat();
    const lost = all.filter(({ status }) => status !== 200);
    assert.deepEqual(lost, []);
    assert.ok(all.length > 20 * RESTARTS, `only ${all.length} requests`);
    rmSync(directory, { recursive: true });
  });

  it("the application sees the client, not HAProxy, whatever the client says", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const ports = [await freePort(), await freePort()];
    const port = await freePort();
    await using instance = startInstance(ports[0] ?? 0);
    await instance.ready();
    await using proxy = new ProxyUnderTest("haproxy", [
      "-db",
      "-f",
      configure(directory, port, ports),
    ]);
    await proxy.ready(async () => {
      const answer = await get(port, "/").catch(() => undefined);
      return answer?.status === 200;
    });
    const fields = [
      "Host: shop.example",
      "X-Forwarded-For: 6.6.6.6",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil.example",
      "X-Forwarded-Prefix: /evil",
      "X-Request-ID: evil",
      "X-Request-Start: t=1",
      "Forwarded: for=6.6.6.6",
    ];
    // From an address that is no proxy's: 127.0.0.1 would be believed as one more hop.
    const from = { host: "127.0.0.1", port, localAddress: "127.0.0.9" };
    const answer = await rawRequest(from, `GET /x HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    const { environ, wsgi } = JSON.parse(answer.body.toString());
    assert.equal(environ.REMOTE_ADDR, "127.0.0.9");
    assert.match(environ.HTTP_X_FORWARDED_FOR, /^6\.6\.6\.6, ?127\.0\.0\.9$/);
    assert.equal(wsgi["wsgi.url_scheme"], "http");
    assert.equal(environ.HTTP_HOST, `shop.example:${port}`);
    assert.equal(environ.SERVER_NAME, "shop.example");
    assert.equal(environ.SERVER_PORT, String(port));
    assert.equal(environ.SCRIPT_NAME, "");
    assert.match(environ.HTTP_X_REQUEST_ID, /^[0-9a-z]{18}$/);
    assert.match(environ.HTTP_X_REQUEST_START, /^t=\d{16}$/);
    rmSync(directory, { recursive: true });
  });
});
