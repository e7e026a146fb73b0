import assert from "node:assert/strict";
import { globSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { StatusDocument } from "../../src/io/admin/documents.ts";
import { ask, askJson } from "../support/admin.ts";
import { get } from "../support/requests.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const APP = `
import os
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    length = len(environ["wsgi.input"].read())
    return [f"{os.environ.get('COLOUR')} {length}".encode()]
`;

interface Started {
  readonly server: ServerUnderTest;
  /** Writes the file and sends SIGHUP. */
  readonly reloadWith: (toml: string) => void;
}

async function startWith(toml: string): Promise<Started> {
  const directory = ServerUnderTest.makeDirectory();
  const file = join(directory, "server.toml");
  writeFileSync(join(directory, "coloured.py"), APP);
  const head = `application = "${directory}/coloured:app"\n`;
  writeFileSync(file, head + toml);
  const server = await startServer(null, { directory, args: ["--config", file], cwd: ROOT });
  return {
    server,
    reloadWith(changed) {
      writeFileSync(file, head + changed);
      server.signal("SIGHUP");
    },
  };
}

const textOf = async (server: ServerUnderTest, path = "/"): Promise<string> => {
  const { status, body } = await get(server.port, path);
  return `${status} ${body.toString()}`;
};

describe("SIGHUP reads the configuration again", () => {
  it("takes limits for new connections, and the environment for new workers", async () => {
    const { server, reloadWith } = await startWith('workers = 1\nenv = ["COLOUR=red"]\n');
    await using _ = server;
    assert.equal(await textOf(server), "200 red 0");
    reloadWith('workers = 1\nenv = ["COLOUR=blue"]\nmax-request-line = "64B"\n');
    await server.logged(/configuration: (?=.*\benv\b)(?=.*max-request-line 8KiB -> 64B)/);
    await waitFor("the new worker", async () => (await textOf(server)) === "200 blue 0");
    assert.match(await textOf(server, `/${"x".repeat(100)}`), /^414 /);
    assert.doesNotMatch(server.stderr, /\b(?:red|blue)\b|restart is needed/);
  });

  it("takes times for requests that run already", async () => {
    const { server, reloadWith } = await startWith("workers = 1\n");
    await using _ = server;
    const slow = textOf(server, "/slow");
    await waitFor("the request to run", () => server.connections > 0);
    reloadWith('workers = 1\nrequest-timeout = "100ms"\n');
    await server.logged("request-timeout 30s -> 100ms");
    assert.match(await slow, /^504 /);
  });

  it("takes more and fewer workers", async () => {
    const { server, reloadWith } = await startWith("workers = 1\n");
    await using _ = server;
    for (const workers of [5, 2]) {
      reloadWith(`workers = ${workers}\n`);
      await server.logged(new RegExp(`workers \\d+ -> ${workers}\\b`));
      const isDone = (): boolean =>
        server.zygotes.length === 1 && server.workers.length === workers;
      await waitFor(`${workers} workers`, isDone);
    }
    assert.doesNotMatch(server.stderr, /not forked/);
    assert.equal(await textOf(server), "200 None 0");
  });

  it("takes a maximum below what there is, and forks nobody for whom there is no room", async () => {
    const { server, reloadWith } = await startWith('workers = "6:12"\n');
    await using _ = server;
    await waitFor("six workers", () => server.workers.length === 6);
    reloadWith('workers = "1:2"\n');
    await server.logged("workers at least: 1 (1 to 2");
    await waitFor("one", () => server.zygotes.length === 1 && server.workers.length === 1);
    assert.doesNotMatch(server.stderr, /error/);
    const [control = ""] = globSync(join(server.temporaryDirectory, "rickhouse-*/control.sock"));
    assert.match((await ask(control, "/status")).body, /"deaths": ?\[\]/);
  });

  it("takes more workers with several threads", async () => {
    const { server, reloadWith } = await startWith("workers = 1\nthreads = 4\n");
    await using _ = server;
    reloadWith("workers = 5\nthreads = 4\n");
    const isDone = (): boolean => server.zygotes.length === 1 && server.workers.length === 5;
    await waitFor("5 workers", isDone);
    assert.doesNotMatch(server.stderr, /error/);
  });

  it("serves on, whatever goes wrong", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const trouble = join(directory, "trouble");
    const preload = join(directory, "preload.mjs");
    const lines = [
      'import { existsSync } from "node:fs";',
      'import { syncBuiltinESMExports } from "node:module";',
      'import os from "node:os";',
      "const { availableParallelism } = os;",
      "os.availableParallelism = () => {",
      `  if (existsSync(${JSON.stringify(trouble)})) throw new Error("nobody expects this");`,
      "  return availableParallelism();",
      "};",
      "syncBuiltinESMExports();",
    ];
    writeFileSync(preload, lines.join("\n"));
    const env = { NODE_OPTIONS: `--import ${preload}` };
    await using server = await startServer("plain:app", { directory, env });
    writeFileSync(trouble, "");
    server.signal("SIGHUP");
    await server.logged("reload failed: nobody expects this; the old code serves on");
    assert.equal((await get(server.port, "/")).status, 200);
    rmSync(trouble);
    server.signal("SIGHUP");
    await server.logged("generation 2 serves");
  });

  it("names what needs a restart, and takes the rest", async () => {
    const { server, reloadWith } = await startWith("workers = 1\n");
    await using _ = server;
    const { port } = server;
    reloadWith('workers = 1\nthreads = 2\nbacklog = 7\nkeep-alive-timeout = "1s"\n');
    await server.logged("a restart is needed for backlog, threads");
    await server.logged("configuration: keep-alive-timeout 75s -> 1s");
    assert.equal(port, server.port);
    assert.equal(await textOf(server), "200 None 0");
  });

  for (const [what, broken, line] of [
    ["is no TOML", "workers = \n", /:2: /],
    ["has an unknown key", "worker = 1\n", /:2: unknown key worker; did you mean workers\?/],
    ["has a wrong value", "workers = 0\n", /:2: workers 0: too small; the smallest is 1/],
  ] as const) {
    it(`serves on with the old one where the file ${what}`, async () => {
      const { server, reloadWith } = await startWith('workers = 1\nenv = ["COLOUR=red"]\n');
      await using _ = server;
      const { zygotes } = server;
      reloadWith(broken);
      await server.logged(/reload refused: [^\n]+; the old configuration and code serve on\n/);
      assert.match(server.stderr, line);
      assert.equal(await textOf(server), "200 red 0");
      assert.deepEqual(server.zygotes, zygotes);
      // Whoever looks at the server later finds it too.
      const [control = ""] = globSync(join(server.temporaryDirectory, "rickhouse-*/control.sock"));
      const { reloads } = await askJson<StatusDocument>(control, "/status");
      const [{ outcome, generation, error } = assert.fail("no reload")] = reloads;
      assert.deepEqual([reloads.length, outcome, generation], [1, "failed", null]);
      assert.match(error ?? "", line);
      const { body } = await ask(control, "/metrics");
      assert.match(body, /^rickhouse_reloads_total\{outcome="failed"\} 1$/m);
      // And is mended by the next one.
      reloadWith('workers = 1\nenv = ["COLOUR=green"]\n');
      await waitFor("the new worker", async () => (await textOf(server)) === "200 green 0");
    });
  }
});
