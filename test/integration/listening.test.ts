// Where the server listens: sockets that were passed, permissions of Unix sockets, shared ports, and what is said of addresses that
// cannot be had.

import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rawRequest } from "../support/raw-client.ts";
import { get, message } from "../support/requests.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";
import { ServiceManager, socketActivation } from "../support/service-manager.ts";

const ECHO = join(ROOT, "test/apps/echo:app");

async function environOf(
  to: Parameters<typeof rawRequest>[0],
  target = "/",
): Promise<Record<string, string>> {
  const answer = await rawRequest(to, message("GET", target));
  return JSON.parse(answer.body.toString()).environ;
}

/** What the server says of an address that it cannot listen on. */
async function refusal(bind: string): Promise<string> {
  await using server = new ServerUnderTest(ECHO, { bind: [bind] });
  assert.equal((await server.exited(60_000)).code, 4); // A resolver that is out of reach takes its time.
  return server.stderr;
}

describe("sockets that a service manager passes", () => {
  it("TCP, TCP over IPv6 and Unix are listened on, and the application is not told of them", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "passed.sock");
    const server = new ServerUnderTest(join(ROOT, "test/apps/surroundings:app"), {
      directory,
      bind: [],
      startedBy: socketActivation("tcp", "tcp6", path),
    });
    await using _ = server;
    await server.ready();
    assert.match(
      server.stderr,
      /at http:\/\/127\.0\.0\.1:\d+ \(descriptor 3, name0\) and http:\/\/\[::1\]:\d+ \(descriptor 4, name1\) and a Unix socket \(descriptor 5, name2\) \(/,
    );
    const port6 = Number(/\[::1\]:(\d+)/.exec(server.stderr)?.[1]);
    for (const to of [server.port, { host: "::1", port: port6 }, path]) {
      const { environment } = JSON.parse(
        (await rawRequest(to, message("GET", "/"))).body.toString(),
      );
      assert.deepEqual(
        Object.keys(environment).filter((name) => name.startsWith("LISTEN_")),
        [],
      );
    }
    await server.stop();
  });

  it("are the server and the client of the environ", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "passed.sock");
    const startedBy = socketActivation("tcp", path);
    await using server = new ServerUnderTest(ECHO, { directory, bind: [], startedBy });
    await server.ready();
    const overTcp = await environOf(server.port);
    assert.equal(overTcp["SERVER_NAME"], "127.0.0.1");
    assert.equal(overTcp["SERVER_PORT"], String(server.port));
    assert.equal(overTcp["REMOTE_ADDR"], "127.0.0.1");
    const overUnix = await environOf(path);
    assert.equal(overUnix["SERVER_NAME"], "localhost");
    assert.equal(overUnix["SERVER_PORT"], "80");
    assert.equal(overUnix["REMOTE_ADDR"], "");
    assert.equal("REMOTE_PORT" in overUnix, false);
  });

  it("are left alone when they are meant for another process", async () => {
    const startedBy = socketActivation("tcp");
    const options = { bind: [], startedBy, env: { PRETEND_PID: "1" } };
    // 127.0.0.1:8888 is then the default, which may be taken on this machine: either way nobody speaks of a descriptor.
    await using server = new ServerUnderTest(ECHO, { ...options, args: ["--workers", "1"] });
    await Promise.race([server.ready(), server.exited()]).catch(() => {});
    assert.match(server.stderr, /127\.0\.0\.1:8888/);
    assert.doesNotMatch(server.stderr, /descriptor/);
  });

  it("are left alone when addresses are given", async () => {
    const startedBy = socketActivation("tcp");
    await using server = new ServerUnderTest(ECHO, { startedBy });
    await server.ready();
    assert.doesNotMatch(server.stderr, /descriptor/);
    assert.equal((await get(server.port, "/")).status, 200);
  });

  it("--bind fd:N takes one of them", async () => {
    const startedBy = socketActivation("tcp", "tcp");
    await using server = new ServerUnderTest(ECHO, { startedBy, bind: ["fd:4"] });
    await server.ready();
    assert.match(server.stderr, /at http:\/\/127\.0\.0\.1:\d+ \(descriptor 4\) \(/);
    assert.equal((await get(server.port, "/")).status, 200);
  });

  it("--bind fd:N that is not open, or no socket: exit 4 and one line", async () => {
    for (const [bind, reason] of [
      ["fd:4711", "that descriptor is not open"],
      ["fd:7", "that descriptor is no socket"], // The launcher's own file, see ServerUnderTest.
    ] as const) {
      await using server = new ServerUnderTest(ECHO, { bind: [bind] });
      assert.equal((await server.exited()).code, 4);
      assert.match(server.stderr, new RegExp(`^rickhouse: ${bind}: ${reason}; [^\n]+\n$`));
    }
  });

  it("LISTEN_FDS that makes no sense: exit 2 and one line", async () => {
    const startedBy = ["/bin/sh", "-c", 'export LISTEN_FDS=x LISTEN_PID=$$; exec "$0" "$@"'];
    await using server = new ServerUnderTest(ECHO, { bind: [], startedBy });
    assert.equal((await server.exited()).code, 2);
    assert.match(server.stderr, /^rickhouse: LISTEN_FDS x: [^\n]+\n$/);
  });

  for (const kind of ["tcp", "unix"] as const) {
    it(`restarts on the same ${kind} socket lose no request`, async () => {
      const directory = ServerUnderTest.makeDirectory();
      const path = join(directory, "passed.sock");
      const socket = kind === "tcp" ? "tcp" : path;
      const command = ["--workers", "1", "--access-log", "off", ECHO];
      await using manager = new ServiceManager(directory, [socket], command);
      await manager.listening();
      const to = kind === "tcp" ? (manager.ports[0] ?? 0) : path;
      await manager.start();
      const load = { isOver: false, answered: 0 };
      const client = async (): Promise<void> => {
        while (!load.isOver) {
          // A connection of its own each time: one that is kept may be closed by the server under the client's hands.
          const answer = await rawRequest(to, message("GET", "/"));
          assert.equal(answer.status, 200);
          load.answered++;
        }
      };
      const clients = [client(), client(), client(), client()];
      const failed = Promise.all(clients);
      const restarts = async (): Promise<void> => {
        for (let n = 0; n < 5; n++) {
          const before = load.answered;
          // The old one ends while the new one starts: in between nobody accepts, and the kernel holds who comes.
          await manager.restart();
          await waitFor("20 more answers", () => load.answered >= before + 20);
        }
        load.isOver = true;
      };
      await Promise.race([restarts(), failed]);
      await failed;
      assert.ok(load.answered >= 100);
    });
  }
});

describe("a Unix socket", () => {
  for (const [args, mode] of [
    [[], 0o660],
    [["--socket-mode", "0600"], 0o600],
    [["--socket-mode", "666"], 0o666],
  ] as const) {
    it(`has mode ${mode.toString(8)} with ${args.join(" ") || "nothing said"}, whatever the umask`, async () => {
      const directory = ServerUnderTest.makeDirectory();
      const path = join(directory, "public.sock");
      const startedBy = ["/bin/sh", "-c", 'umask 077; exec "$0" "$@"'];
      const bind = [`unix:${path}`];
      await using server = new ServerUnderTest(ECHO, { directory, bind, args, startedBy });
      await server.ready();
      assert.equal(statSync(path).mode & 0o777, mode);
      assert.equal((await get(path, "/")).status, 200);
    });
  }
});

describe("IPv6", () => {
  it("[::] takes IPv4 too, and shows its addresses as what they are", async () => {
    await using server = new ServerUnderTest(ECHO, { bind: ["[::]:0"] });
    await server.ready();
    assert.equal((await environOf(server.port))["REMOTE_ADDR"], "127.0.0.1");
    const over6 = await environOf({ host: "::1", port: server.port });
    assert.equal(over6["REMOTE_ADDR"], "::1");
  });

  it("[::] and 0.0.0.0 stand side by side on one port", async () => {
    await using free = await startServer("plain:app");
    const { port } = free;
    await free.stop();
    const bind = [`[::]:${port}`, `0.0.0.0:${port}`];
    await using server = new ServerUnderTest(ECHO, { bind });
    await server.ready();
    assert.equal((await environOf({ host: "::1", port }))["SERVER_NAME"], "[::]");
    assert.equal((await environOf(port))["SERVER_NAME"], "0.0.0.0");
  });
});

describe("--reuse-port", () => {
  it("lets two servers share a port, and none without it", async () => {
    await using first = await startServer("plain:app", { args: ["--reuse-port"] });
    const bind = [`127.0.0.1:${first.port}`];
    await using second = new ServerUnderTest(ECHO, { bind, args: ["--reuse-port"] });
    await second.ready();
    await using third = new ServerUnderTest(ECHO, { bind });
    assert.equal((await third.exited()).code, 4);
    await first.stop();
    assert.equal((await environOf(second.port))["SERVER_PORT"], String(first.port));
  });
});

/** By which the front listens. */
function listeningDescriptors(server: ServerUnderTest): number {
  return server.listeningPorts.filter((port) => port === server.port).length;
}

async function connectAndLeave(server: ServerUnderTest, count: number): Promise<void> {
  while (count-- > 0) await rawRequest(server.port, "GET / HTTP/1.0\r\n\r\n");
}

/** Those accept one connection in a turn of the event loop. */
const NODE_SOCKETS = ["--direct-sockets", "off"];

describe("many connections in a short time", () => {
  it("are accepted by several descriptors of the same socket, which all end with a drain", async () => {
    await using server = await startServer("echo:app", { args: NODE_SOCKETS });
    await connectAndLeave(server, 50);
    assert.equal(listeningDescriptors(server), 1);
    await waitFor("twins", async () => {
      await connectAndLeave(server, 250);
      return listeningDescriptors(server) === 8;
    });
    await connectAndLeave(server, 100);
    server.signal("SIGTERM");
    assert.equal((await server.exited()).code, 0);
    assert.doesNotMatch(server.stderr, /error|warning/);
  });

  it("find one descriptor as before where there are few", async () => {
    await using server = await startServer("echo:app", {
      args: [...NODE_SOCKETS, "--max-connections", "500"],
    });
    await connectAndLeave(server, 600);
    assert.equal(listeningDescriptors(server), 1);
  });
});

describe("an address that cannot be had", () => {
  it("a directory that is not there", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "missing", "app.sock");
    assert.equal(
      await refusal(`unix:${path}`),
      `rickhouse: unix:${path}: there is no directory ${directory}/missing; make it first, or choose another path\n`,
    );
  });

  it("a file, or a directory, where the socket should be", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const file = join(directory, "file");
    writeFileSync(file, "precious");
    const folder = join(directory, "folder");
    mkdirSync(folder);
    for (const path of [file, folder]) {
      assert.equal(
        await refusal(`unix:${path}`),
        `rickhouse: unix:${path}: what is there is no socket; remove it, or choose another path\n`,
      );
    }
  });

  it("a name that does not resolve", async () => {
    const told = await refusal("no-such-host.invalid:8000");
    assert.match(
      told,
      /^rickhouse: no-such-host\.invalid:8000: the host name does not resolve \(E[^)]+\); [^\n]+\n$/,
    );
  });

  it("an address of another machine", async () => {
    assert.match(
      await refusal("192.0.2.1:8000"),
      /^rickhouse: 192\.0\.2\.1:8000 is no address of this machine; [^\n]+\n$/,
    );
  });
});
