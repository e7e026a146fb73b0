// webserver4: the same classes, iterative, forking and threading.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ask, askWithinAnother } from "./support/client.ts";
import { ROOT, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

const DEMO = "webserver4/demo-app:app";

describe("webserver4", () => {
  it("handles one client at a time", async () => {
    const options = { args: [DEMO], env: { SLEEP: "1" } };
    await using server = await startServer("webserver4", options);
    const startMs = performance.now();
    const answers = await Promise.all([ask(server.port), ask(server.port)]);
    assert.ok(performance.now() - startMs >= 2000, "one sleep after the other");
    assert.deepEqual(answers.map(processOf), [server.pid, server.pid]);
  });

  it("forks: two clients at once, each in a process of its own, and no zombie", async () => {
    await using server = await startServer("webserver4", { args: ["--fork", DEMO] });
    const answers = await askWithinAnother(server.port);
    assert.equal(new Set([...answers.map(processOf), server.pid]).size, 3);
    await waitFor(
      () => "no child",
      () => server.children.running.length + server.children.zombies.length === 0,
    );
  });

  it("uses threads: two clients at once, all in one process", async () => {
    await using server = await startServer("webserver4", { args: ["--thread", DEMO] });
    const answers = await askWithinAnother(server.port);
    assert.deepEqual(answers.map(processOf), [server.pid, server.pid]);
  });

  for (const mode of [[], ["--fork"], ["--thread"]]) {
    it(`hosts Flask, request by request ${mode.join("")}`, async () => {
      const options = { args: [...mode, "flask_app:app"] };
      await using server = await startServer("webserver4", options);
      for (let i = 0; i < 3; i++)
        assert.match(
          await ask(server.port),
          /^HTTP\/1\.0 200 OK\r\n[^]*\r\n\r\nHello world from Flask!\n$/,
        );
      await server.printed(/127\.0\.0\.1 "GET \/hello HTTP\/1\.1" 200 OK/);
    });
  }

  it("reads a body that comes in pieces", async () => {
    await using server = await startServer("webserver4", { args: ["wsgi_app:app"] });
    const body = `name=${"x".repeat(100_000)}`;
    const head = `POST /form HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`;
    assert.ok((await ask(server.port, head + body)).includes(`Hello ${body.slice(5)}!`));
  });

  for (const [file, text] of [
    ["demo-app.ts", /Hello world from process \d+!\n\nPATH_INFO = \/hello|HTTP_HOST = localhost/],
    ["flask-app.ts", /Hello world from Flask!/],
  ] as const) {
    it(`is started by ${file} itself`, async () => {
      const process = spawnNode(join(ROOT, "labs/webserver4", file));
      try {
        assert.match(await ask(await process.port()), text);
      } finally {
        process.stop();
      }
    });
  }
});

function processOf(answer: string): number {
  return Number(/from process (\d+)!/.exec(answer)?.[1]);
}

/** node FILE, as the page says it. */
function spawnNode(file: string): { port: () => Promise<number>; stop: () => void } {
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const port = (): number | undefined => {
    const found = /on port (\d+)/.exec(output)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return {
    port: () => waitFor(() => `a port in ${output}`, port),
    stop: () => child.kill("SIGKILL"),
  };
}
