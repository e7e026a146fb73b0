// The labs where fork is refused: one line says why, and the variant with child_process shows the same descriptors and zombies.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ask, Client } from "./support/client.ts";
import { LabProcess, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

const ANSWER = "HTTP/1.1 200 OK\r\n\r\nHello, World!\n";
const FORK = "no";

describe("without fork", () => {
  it("a kernel that refuses the filter is told in one line", async () => {
    const refuse = join(import.meta.dirname, "support/refuse-seccomp.ts");
    const through = [process.execPath, refuse] as const;
    await using server = await startServer("webserver3g", { through });
    assert.match(
      server.output,
      /^fork needs a seccomp filter, which was refused: seccomp: \[errno 1, EPERM\] [^\n]*; running the variant with child_process instead\n/,
    );
    assert.equal(await ask(server.port), ANSWER);
  });

  it("webserver3c serves two clients while both sleep, and leaves zombies", async () => {
    await using server = await startServer("webserver3c", { env: { FORK, SLEEP: "3" } });
    using first = new Client(server.port);
    using second = new Client(server.port);
    await Promise.all([first.receives("Hello, World!"), second.receives("Hello, World!")]);
    assert.ok(!first.hasEnded || !second.hasEnded);
    await Promise.all([first.answer(), second.answer()]);
    await waitFor(
      () => "two zombies",
      () => server.children.zombies.length === 2,
    );
  });

  it("webserver3d keeps the connection and the zombie", async () => {
    await using server = await startServer("webserver3d", { env: { FORK } });
    using client = new Client(server.port);
    await client.receives("Hello, World!");
    await waitFor(
      () => "a zombie",
      () => server.children.zombies.length === 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(!client.hasEnded);
  });

  it("webserver3e dies of EINTR", async () => {
    await using server = await startServer("webserver3e", { env: { FORK, SLEEP: "0.3" } });
    assert.equal(await ask(server.port), ANSWER);
    assert.equal((await server.exited()).code, 1);
    assert.match(server.output, /accept: \[errno 4, EINTR\]/);
  });

  it("webserver3g leaves no zombie", async () => {
    await using server = await startServer("webserver3g", { env: { FORK } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(server.port)));
    assert.deepEqual(new Set(answers), new Set([ANSWER]));
    await waitFor(
      () => "no child",
      () => server.children.running.length + server.children.zombies.length === 0,
    );
  });

  it("client3 opens all connections itself", async () => {
    await using server = await startServer("webserver3d", { env: { FORK: "" } });
    await using clients = new LabProcess("client3", {
      args: ["--max-clients", "2", "--max-conns", "3"],
      env: { FORK, PORT: String(server.port) },
    });
    await clients.printed(/2 clients started, 3 connections each/);
    await server.printed(/6 connections/);
    assert.deepEqual(clients.children.running, []);
  });

  it("webserver4 --fork uses threads", async () => {
    const options = { args: ["--fork", "typescript_app:app"], env: { FORK } };
    await using server = await startServer("webserver4", options);
    assert.match(server.output, /FORK=no asks for no fork; threads instead/);
    assert.match(await ask(server.port), /Hello world from a TypeScript app/);
  });
});
