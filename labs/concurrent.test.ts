// webserver3c and webserver3d, client3: a child for each request, and what happens when the parent does not close.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { Client } from "./support/client.ts";
import { isAlive, LabProcess, startServer } from "./support/lab-process.ts";
import { waitFor } from "./support/wait-for.ts";

describe("webserver3c", () => {
  it("serves two clients while both requests sleep", async () => {
    await using server = await startServer("webserver3c", { env: { SLEEP: "60" } });
    using first = new Client(server.port);
    await first.receives("Hello, World!");
    using second = new Client(server.port);
    await second.receives("Hello, World!");
    assert.ok(!first.hasEnded && !second.hasEnded, "both children sleep");
    assert.equal(server.children.running.length, 2);
    assert.equal(server.socketCount, 1, "the parent holds its listener and no connection");
  });

  it("prints the pids of the parent and of each child", async () => {
    await using server = await startServer("webserver3c", { env: { SLEEP: "60" } });
    using client = new Client(server.port);
    await client.receives("Hello, World!");
    const [child] = server.children.running;
    await server.printed(new RegExp(`Parent PID \\(PPID\\): ${server.pid}\n`));
    await server.printed(new RegExp(`Child PID: ${child}\\. Parent PID: ${server.pid}\n`));
  });

  it("ends the connection when the child does", async () => {
    await using server = await startServer("webserver3c", { env: { SLEEP: "0.2" } });
    using client = new Client(server.port);
    assert.equal(await client.answer(), "HTTP/1.1 200 OK\r\n\r\nHello, World!\n");
  });

  it("leaves a zombie for each request", async () => {
    await using server = await startServer("webserver3c", { env: { SLEEP: "0" } });
    using first = new Client(server.port);
    await first.answer();
    using second = new Client(server.port);
    await second.answer();
    await waitFor(
      () => "two zombies",
      () => server.children.zombies.length === 2,
    );
  });
});

describe("webserver3d", () => {
  it("answers curl, which never ends", async () => {
    await using server = await startServer("webserver3d");
    const url = `http://127.0.0.1:${server.port}/hello`;
    const curl = spawn("curl", ["--silent", "--no-buffer", url]);
    try {
      let output = "";
      curl.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      await waitFor(
        () => "the answer",
        () => output === "Hello, World!\n" && server.children.zombies.length === 1,
      );
      await new Promise((resolve) => setTimeout(resolve, 2000));
      assert.equal(curl.exitCode, null, "the child has closed and ended, and curl still waits");
      assert.equal(server.socketCount, 2, "listener and connection");
    } finally {
      curl.kill("SIGKILL");
    }
  });

  it("keeps a descriptor and a zombie for each client", async () => {
    await using server = await startServer("webserver3d");
    const port = String(server.port);
    await using clients = new LabProcess("client3", {
      args: ["--max-clients", "10", "--max-conns", "2"],
      env: { PORT: port },
    });
    await clients.printed(/10 clients started, 2 connections each/);
    await waitFor(
      () =>
        `20 zombies and 21 sockets, not ${server.children.zombies.length}, ${server.socketCount}`,
      () => server.children.zombies.length === 20 && server.socketCount === 21,
    );
  });

  it("runs out of descriptors under ulimit -n 256", async () => {
    await using server = await startServer("webserver3d", { descriptorLimit: 256 });
    await using clients = new LabProcess("client3", {
      args: ["--max-clients=300"],
      env: { PORT: String(server.port) },
    });
    assert.equal((await server.exited(60_000)).code, 1);
    assert.match(server.output, /accept: \[errno 24, EMFILE\] Too many open files/);
    assert.ok(
      !clients.output.includes("SystemError: socket"),
      "the clients have descriptors enough",
    );
  });
});

describe("client3", () => {
  it("forks the clients, which keep their connections until it ends", async () => {
    await using server = await startServer("webserver3d");
    await using clients = new LabProcess("client3", {
      args: ["--max-clients", "3", "--max-conns", "4"],
      env: { PORT: String(server.port) },
    });
    await clients.printed(/3 clients started, 4 connections each/);
    const children = clients.children.running;
    assert.equal(children.length, 3);
    await server.printed(/12 connections/);

    clients.signal("SIGINT");
    assert.equal((await clients.exited()).signal, "SIGINT");
    await waitFor(
      () => "the end of the clients, which read the end of the pipe",
      () => children.every((pid) => !isAlive(pid)),
    );
  });
});
