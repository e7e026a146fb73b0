import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { failuresOf, runLoad } from "../support/load.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get, message } from "../support/requests.ts";
import { childrenOf, isAlive, openDescriptors } from "../support/processes.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "latin1") : "");

describe("SIGTERM and SIGINT", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`${signal}: what runs is answered, idle connections end, status 0, nothing is left`, async () => {
      await using server = await startServer("gated:app", { args: ["--workers", "2"] });
      using running = begin(server.port, "POST", "/held");
      using idle = begin(server.port, "GET", "/free");
      await idle.response();
      await noted(server, /^POST held in/);
      const tree = [...server.zygotes, ...server.workers];
      server.signal(signal);
      await server.logged(`rickhouse: ${signal}: finishing`);
      openGate(server, "held");
      const response = await running.response();
      running.end();
      await idle.ended();
      idle.end();
      assert.equal(response.status, 200);
      assert.equal(response.fields.get("connection"), "close");
      assert.deepEqual(await server.exited(), { code: 0, signal: null });
      assert.ok(!tree.some(isAlive));
    });
  }

  it("takes no new connection, but serves what waited", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "1"] });
    const { port } = server;
    using running = begin(port, "POST", "/held");
    await noted(server, /^POST held in/);
    using waiting = begin(port, "POST", "/free/waiting");
    await waitFor("both connections", () => server.connections === 2);
    server.signal("SIGTERM");
    await server.logged("finishing 2 connections");
    await assert.rejects(get(port, "/free/late"), /ECONNREFUSED/);
    openGate(server, "held");
    for (const client of [running, waiting]) {
      assert.equal((await client.response()).status, 200);
      client.end();
    }
    await server.exited();
  });

  it("a second one ends all at once, hard-working processes too", async () => {
    const args = ["--workers", "2", "--request-timeout", "0"];
    await using server = await startServer("hanging:app", { args });
    using hung = begin(server.port, "GET", "/c");
    await noted(server, /^GET \/c in/);
    const tree = [...server.zygotes, ...server.workers];
    server.signal("SIGTERM");
    await server.logged("rickhouse: SIGTERM: finishing");
    // Process managers repeat themselves: only what comes half a second later is a second wish.
    const second = setInterval(() => server.signal("SIGTERM"), 100);
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    clearInterval(second);
    await server.logged("SIGTERM again: ending at once");
    await waitFor("the end of all", () => !tree.some(isAlive));
    await hung.ended();
  });

  it("SIGQUIT ends all at once, to every process too, and leaves nothing", async () => {
    await using server = await startServer("hanging:app", { args: ["--workers", "2"] });
    using hung = begin(server.port, "GET", "/sleep");
    await noted(server, /^GET \/sleep in/);
    const tree = [...server.zygotes, ...server.workers];
    for (const pid of [...tree, server.pid]) process.kill(pid, "SIGQUIT");
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    await server.logged("SIGQUIT: ending at once");
    await waitFor("the end of all", () => !tree.some(isAlive));
    await hung.ended();
    const left = readdirSync(server.temporaryDirectory).filter((name) =>
      name.startsWith("rickhouse-"),
    );
    assert.deepEqual(left, []);
  });

  it("--graceful-timeout ends what does not end", async () => {
    const args = ["--workers", "1", "--graceful-timeout", "500ms"];
    await using server = await startServer("hanging:app", { args });
    using hung = begin(server.port, "GET", "/sleep");
    await noted(server, /^GET \/sleep in/);
    const startedAt = performance.now();
    server.signal("SIGTERM");
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= 490 && tookMs < 10_000, `took ${tookMs} ms`);
    await hung.ended();
    await server.logged("not everything ended within --graceful-timeout: cutting 1 connection");
  });

  it("to every process at once: what was begun is answered, and nothing is lost", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "2"] });
    using running = begin(server.port, "POST", "/held");
    await noted(server, /^POST held in/);
    let isOver = false;
    let count = 0;
    const load = runLoad({
      port: server.port,
      clients: 4,
      method: "POST",
      pauseMs: 2,
      next: () => (isOver ? undefined : `/free/${count++}`),
    });
    await waitFor("some load", () => count > 50);
    const tree = [server.pid, ...server.zygotes, ...server.workers];
    for (const pid of tree) process.kill(pid, "SIGTERM");
    const countThen = count;
    await waitFor("the drain", () => server.stderr.includes("finishing"));
    isOver = true;
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
    running.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    const outcomes = await load;
    // A client that sends while the server closes its idle connection meets its end: status 0, and it may repeat.
    const failed = failuresOf(outcomes).filter((failure) => !failure.endsWith(": 0"));
    assert.deepEqual(failed, []);
    assert.ok(outcomes.filter(({ status }) => status === 200).length >= countThen - 4);
    assert.ok(!tree.some(isAlive));
  });
});

describe("a terminal that is closed", () => {
  it("ends the server that ran on it: its SIGHUP is no wish for a reload", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const terminal = spawn(
      "python3",
      [
        join(ROOT, "test/support/terminal.py"),
        join(ROOT, "bin/rickhouse"),
        "--bind",
        "127.0.0.1:0",
        join(ROOT, "test/apps/plain:app"),
      ],
      { env: { ...process.env, TMPDIR: directory }, stdio: ["pipe", "pipe", "inherit"] },
    );
    let output = "";
    terminal.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await waitFor("the banner", () => output.includes(" serving "));
    const [front = 0] = childrenOf(terminal.pid ?? 0);
    const tree = [front, ...childrenOf(front), ...childrenOf(front).flatMap(childrenOf)];
    assert.ok(tree.length >= 3);
    terminal.stdin.end();
    await waitFor("its end", () => output.includes("ended with status 0"));
    await waitFor("the end of all", () => !tree.some(isAlive));
    assert.deepEqual(readdirSync(directory), []);
    rmSync(directory, { recursive: true });
  });

  it("does not end one that was started by nohup", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const log = join(directory, "log");
    const script = 'nohup "$0" --bind 127.0.0.1:0 --log "$1" "$2" >/dev/null 2>&1 & wait';
    const terminal = spawn(
      "python3",
      [
        join(ROOT, "test/support/terminal.py"),
        "/bin/sh",
        "-c",
        script,
        join(ROOT, "bin/rickhouse"),
        log,
        join(ROOT, "test/apps/plain:app"),
      ],
      { env: { ...process.env, TMPDIR: directory }, stdio: ["pipe", "ignore", "inherit"] },
    );
    const front = Number(
      await waitFor("the banner", () => / serving .*process (\d+)/.exec(textOf(log))?.[1]),
    );
    terminal.stdin.end();
    await waitFor("a reload", () => textOf(log).includes("generation 2 serves"));
    process.kill(front, "SIGTERM");
    await waitFor("its end", () => !isAlive(front));
    rmSync(directory, { recursive: true });
  });

  it("is not there for a server without one: SIGHUP reloads", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1"] });
    server.signal("SIGHUP");
    await server.logged("generation 2 serves");
  });
});

describe("SIGTTIN and SIGTTOU", () => {
  it("change the number of workers between 1 and the maximum", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1:2"] });
    await waitFor("one worker", () => server.workers.length === 1);
    server.signal("SIGTTIN");
    await waitFor("two workers", () => server.workers.length === 2);
    server.signal("SIGTTIN");
    await server.logged(/(workers at least: 2 .*[^]*){2}/);
    server.signal("SIGTTOU");
    await waitFor("one worker", () => server.workers.length === 1);
    server.signal("SIGTTOU");
    await server.logged(/(workers at least: 1 .*[^]*){2}/);
    assert.equal((await get(server.port, "/")).status, 200);
    assert.equal(server.workers.length, 1);
  });
});

describe("SIGUSR1", () => {
  it("opens the access log again after it was moved, and loses no line", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "access");
    const args = ["--workers", "1", "--access-log", path];
    await using server = await startServer("plain:app", { args, directory });
    const descriptors = openDescriptors(server.pid);
    let [count, isOver] = [0, false];
    const load = runLoad({
      port: server.port,
      clients: 4,
      method: "GET",
      pauseMs: 1,
      next: () => (isOver ? undefined : `/${count++}`),
    });
    for (let turn = 1; turn <= 3; turn++) {
      await waitFor("lines", () => textOf(path).length > 0);
      renameSync(path, `${path}.${turn}`);
      server.signal("SIGUSR1");
      await waitFor("the new file", () => existsSync(path));
    }
    isOver = true;
    assert.deepEqual(failuresOf(await load), []);
    await waitFor("as many descriptors as before", () => {
      return openDescriptors(server.pid) === descriptors;
    });
    await server.exitAfterDrain();
    const lines = ["", ".1", ".2", ".3"].flatMap((suffix) =>
      textOf(`${path}${suffix}`).split("\n").slice(0, -1),
    );
    assert.equal(lines.length, count);
    for (const line of lines)
      assert.match(line, /^\{.*"method":"GET","target":"\/\d+","status":200,.*\}$/);
  });

  it("goes on with the old file when the new one cannot be opened", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const logs = join(directory, "logs");
    mkdirSync(logs);
    const args = ["--workers", "1", "--access-log", join(logs, "access")];
    await using server = await startServer("plain:app", { args, directory });
    rmSync(logs, { recursive: true });
    server.signal("SIGUSR1");
    await server.logged(/error: --access-log .*ENOENT/);
    assert.equal((await get(server.port, "/")).status, 200);
  });

  it("opens the access log again when the other log's new file cannot be opened", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const logs = join(directory, "logs");
    mkdirSync(logs);
    const path = join(directory, "access");
    const log = join(logs, "log");
    const args = ["--workers", "1", "--access-log", path, "--log", log];
    await using server = new ServerUnderTest(join(import.meta.dirname, "../apps/plain:app"), {
      args,
      directory,
    });
    await waitFor("the banner", () => textOf(log).includes("rickhouse: serving "));
    renameSync(logs, `${logs}.old`);
    renameSync(path, `${path}.old`);
    server.signal("SIGUSR1");
    await waitFor("the new file", () => existsSync(path));
    assert.match(textOf(join(`${logs}.old`, "log")), /error: --log .*ENOENT/);
  });

  it("does not open Node's inspector", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1"] });
    const listening = (): number => server.listeningPorts.length;
    assert.equal(listening(), 1);
    server.signal("SIGUSR1");
    server.signal("SIGTTIN"); // Signals are handled in turn: this line shows that SIGUSR1 was.
    await server.logged("workers at least");
    assert.equal(listening(), 1);
    assert.ok(!server.stderr.includes("Debugger"), server.stderr);
  });
});

describe("SIGUSR2", () => {
  it("writes the stacks of every worker to the log", async () => {
    await using server = await startServer("hanging:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    using hung = begin(server.port, "GET", "/wait/open");
    await noted(server, /^GET \/wait\/open in/);
    // It is noted a moment before it waits at the gate.
    await waitFor("the request at its gate", () => {
      server.signal("SIGUSR2");
      return server.stderr.includes("in wait_for_gate");
    });
    for (const pid of server.workers) {
      await server.logged(
        new RegExp(`stacks of worker \\d+ \\(pid ${pid}\\):\\n.*most recent call`),
      );
    }
    openGate(server, "open");
    assert.equal((await hung.response()).status, 200);
  });
});

const TO_THE_FRONT = ["SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU"] as const;

describe("signals that are the front's business, to zygote and workers", () => {
  it("mean nothing to them", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "2"] });
    await waitFor("two workers", () => server.workers.length === 2);
    using running = begin(server.port, "POST", "/held");
    await noted(server, /^POST held in/);
    const tree = [...server.zygotes, ...server.workers];
    for (const pid of tree) {
      for (const signal of TO_THE_FRONT) process.kill(pid, signal);
    }
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
    using client = new RawClient(server.port);
    client.send(message("GET", "/free"));
    assert.equal((await client.response()).status, 200);
    assert.deepEqual([...server.zygotes, ...server.workers], tree);
  });
});
