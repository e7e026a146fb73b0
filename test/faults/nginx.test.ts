// Instances behind nginx, with the configuration of examples/nginx.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runLoad } from "../support/load.ts";
import { freePort } from "../support/free-ports.ts";
import { missing, ProxyUnderTest } from "../support/proxy-under-test.ts";
import { rawRequest } from "../support/raw-client.ts";
import { get } from "../support/requests.ts";
import { ROOT, ServerUnderTest } from "../support/server.ts";

const EXAMPLE = join(ROOT, "examples/nginx/rickhouse.conf");

function startInstance(path: string): ServerUnderTest {
  const args = ["--workers", "1", "--drain-idle", "100ms", "--forwarded-allow-ips", "unix"];
  return new ServerUnderTest(join(ROOT, "test/apps/answers:app"), { bind: [`unix:${path}`], args });
}

/** The example with the addresses of this test, inside what a system's nginx.conf has around it. */
function configure(directory: string, port: number): string {
  let text = readFileSync(EXAMPLE, "utf8").replaceAll(/^#.*\n/gm, "");
  for (const [from, to] of [
    ["listen 80;", `listen 127.0.0.1:${port};`],
    ["unix:/run/rickhouse/app1.sock", `unix:${directory}/app1.sock`],
    ["unix:/run/rickhouse/app2.sock", `unix:${directory}/app2.sock`],
  ] as const) {
    assert.equal(text.split(from).length, 2, `${from} stands once in the example`);
    text = text.replace(from, to);
  }
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${directory}/temp-${name};\n`)
    .join("");
  const user = process.getuid?.() === 0 ? "user root;\n" : "";
  const file = join(directory, "nginx.conf");
  writeFileSync(
    file,
    `${user}daemon off;\nworker_processes 1;\npid ${directory}/nginx.pid;\nerror_log stderr;\nevents {}\n` +
      `http {\n  access_log off;\n${temporary}${text}}\n`,
  );
  return file;
}

describe("behind nginx", { skip: missing("nginx") }, () => {
  const directory = ServerUnderTest.makeDirectory();
  const paths = ["app1.sock", "app2.sock"].map((name) => join(directory, name));
  let instances: ServerUnderTest[] = [];
  let proxy: ProxyUnderTest;
  let port = 0;
  before(async () => {
    mkdirSync(directory, { recursive: true });
    port = await freePort();
    instances = paths.map(startInstance);
    await Promise.all(instances.map((instance) => instance.ready()));
    proxy = new ProxyUnderTest("nginx", [
      "-e",
      "stderr",
      "-p",
      directory,
      "-c",
      configure(directory, port),
    ]);
    await proxy.ready(async () => {
      const answer = await get(port, "/list?n=1").catch(() => undefined);
      return answer?.status === 200;
    });
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    for (const instance of instances) await instance.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("a restart of both instances in turn loses no safe request", async () => {
    const load = { isOver: false };
    const next = (): string | undefined => (load.isOver ? undefined : "/list?n=1");
    const outcomes = runLoad({ port, clients: 4, method: "GET", next, pauseMs: 2 });
    for (const [index, path] of paths.entries()) {
      await instances[index]?.stop();
      instances[index] = startInstance(path);
      await instances[index].ready();
    }
    load.isOver = true;
    const all = await outcomes;
    assert.deepEqual(
      all.filter(({ status }) => status !== 200),
      [],
    );
    assert.ok(all.length > 100, `only ${all.length} requests`);
  });

  it("uploads and answers of megabytes pass", async () => {
    const body = "x".repeat(3_000_000);
    const head = `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
    assert.equal((await rawRequest(port, head + body)).status, 200);
    const answer = await get(port, "/stream?n=3000000");
    assert.equal(answer.body.length, 3_000_000);
  });

  it("a broken answer does not look whole", async () => {
    const answer = await get(port, "/raise?n=10");
    assert.equal(answer.isWhole, false);
  });
});

describe("the client behind nginx", { skip: missing("nginx") }, () => {
  it("is what the application sees, whatever the client says", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const port = await freePort();
    await using instance = new ServerUnderTest(join(ROOT, "test/apps/echo:app"), {
      bind: [`unix:${directory}/app1.sock`],
      args: ["--workers", "1", "--forwarded-allow-ips", "unix"],
    });
    await instance.ready();
    await using proxy = new ProxyUnderTest("nginx", [
      "-e",
      "stderr",
      "-p",
      directory,
      "-c",
      configure(directory, port),
    ]);
    await proxy.ready(async () => {
      const answer = await get(port, "/").catch(() => undefined);
      return answer?.status === 200;
    });
    const fields = [
      `Host: shop.example:${port}`,
      "X-Forwarded-For: 6.6.6.6",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil.example",
      "X-Forwarded-Prefix: /evil",
      "X-Request-ID: evil",
      "X-Request-Start: t=1",
    ];
    const answer = await rawRequest(port, `GET /x HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    const { environ, wsgi } = JSON.parse(answer.body.toString());
    assert.equal(environ.REMOTE_ADDR, "127.0.0.1");
    assert.equal(wsgi["wsgi.url_scheme"], "http");
    assert.equal(environ.HTTP_HOST, `shop.example:${port}`);
    assert.equal(environ.SERVER_PORT, String(port));
    assert.equal(environ.SCRIPT_NAME, "");
    assert.match(environ.HTTP_X_REQUEST_ID, /^[0-9a-f]{32}$/);
    assert.match(environ.HTTP_X_REQUEST_START, /^t=\d{16}$/);
    rmSync(directory, { recursive: true, force: true });
  });
});
