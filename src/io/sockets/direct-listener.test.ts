import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, it, type TestContext } from "node:test";
import { DirectListener } from "./direct-listener.ts";
import type { DirectSocket } from "./direct-socket.ts";
import {
  type ListeningDescriptor,
  listeningDescriptor,
  poller,
  SKIP,
} from "../../../test/support/direct-pair.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const EMFILE = 24;
const ECONNABORTED = 103;
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

class Accepting implements Disposable {
  readonly sockets: DirectSocket[] = [];
  readonly errors: Error[] = [];
  readonly listener: DirectListener;

  constructor({ fd }: ListeningDescriptor) {
    this.listener = new DirectListener(fd, poller(), {
      onConnection: (socket) => this.sockets.push(socket),
      onError: (error) => this.errors.push(error),
    });
  }

  [Symbol.dispose](): void {
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** The kernel takes them, whoever accepts. */
async function connectAll(count: number, { at }: ListeningDescriptor): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const client = connect(at);
      await once(client, "connect");
      return client.on("error", () => {});
    }),
  );
}

/** accept(2) fails from now on; returns how often it was tried, as a function. */
function failAccepts(test: TestContext, errno: number): { calls: () => number; restore(): void } {
  const { libc } = poller();
  const accept = test.mock.method(libc, "accept4", () => -1);
  const lastErrno = test.mock.method(libc, "lastErrno", () => errno);
  return {
    calls: () => accept.mock.callCount(),
    restore: () => {
      accept.mock.restore();
      lastErrno.mock.restore();
    },
  };
}

describe("a direct listener", { skip: SKIP }, () => {
  it("accepts all that wait, also more than it takes in one turn", async () => {
    using at = await listeningDescriptor();
    const clients = await connectAll(300, at);
    using accepting = new Accepting(at);
    while (accepting.sockets.length < clients.length) await turn();
    const [late] = await connectAll(1, at);
    while (accepting.sockets.length === clients.length) await turn();
    for (const client of [...clients, late]) client?.destroy();
    assert.deepEqual(accepting.errors, []);
  });

  it("takes at once what waits, when it is told to", async () => {
    using at = await listeningDescriptor();
    const clients = await connectAll(5, at);
    using accepting = new Accepting(at);
    accepting.listener.acceptAll(performance.now() - 1);
    assert.equal(accepting.sockets.length, 0);
    accepting.listener.acceptAll(Infinity);
    assert.equal(accepting.sockets.length, clients.length);
    for (const client of clients) client.destroy();
  });

  it("takes no more once it is closed, by who was given a connection too", async () => {
    using at = await listeningDescriptor();
    const clients = await connectAll(2, at);
    const sockets: DirectSocket[] = [];
    const listener = new DirectListener(at.fd, poller(), {
      onConnection: (socket) => {
        sockets.push(socket);
        listener.close();
      },
      onError: assert.ifError,
    });
    while (!listener.isClosed) await turn();
    await turn();
    listener.close();
    assert.equal(sockets.length, 1);
    await assert.rejects(connectAll(1, at), { code: "ECONNREFUSED" });
    for (const one of [...clients, ...sockets]) one.destroy();
  });

  for (const [host, family] of [
    ["127.0.0.1", "IPv4"],
    ["::1", "IPv6"],
  ] as const) {
    const skip = family === "IPv6" && !HAS_IPV6 && "no IPv6 here";
    it(`tells who is at the other end: ${family}`, { skip }, async () => {
      using at = await listeningDescriptor(host);
      using accepting = new Accepting(at);
      const [client] = await connectAll(1, at);
      while (accepting.sockets.length === 0) await turn();
      const [socket] = accepting.sockets;
      assert.equal(socket?.remoteFamily, family);
      assert.equal(socket?.remoteAddress, host);
      assert.equal(socket?.remotePort, client?.localPort);
      client?.destroy();
    });
  }

  it("knows no address for a Unix socket", async () => {
    using at = await listeningDescriptor("unix");
    using accepting = new Accepting(at);
    const [client] = await connectAll(1, at);
    while (accepting.sockets.length === 0) await turn();
    const [socket] = accepting.sockets;
    assert.equal(socket?.remoteFamily, undefined);
    assert.equal(socket?.remoteAddress, undefined);
    client?.destroy();
  });

  it("tries again after a while when there is no descriptor, and says so once", async (test) => {
    using at = await listeningDescriptor();
    const clients = await connectAll(3, at);
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const failing = failAccepts(test, EMFILE);
    using accepting = new Accepting(at);
    // As many edges as connections come meanwhile.
    for (let edges = 0; edges < 5; edges++) accepting.listener.onReady();
    assert.equal(failing.calls(), 1);
    test.mock.timers.tick(100);
    assert.equal(failing.calls(), 2);
    assert.deepEqual(
      accepting.errors.map((error) => error.message),
      ["accept: too many open files"],
    );
    failing.restore();
    test.mock.timers.tick(100);
    assert.equal(accepting.sockets.length, clients.length);
    for (const client of clients) client.destroy();
  });

  it("passes over a client that has gone before it was accepted", async (test) => {
    using at = await listeningDescriptor();
    const [client] = await connectAll(1, at);
    using accepting = new Accepting(at);
    const { libc } = poller();
    const failing = test.mock.method(libc, "accept4");
    failing.mock.mockImplementationOnce(() => -1);
    test.mock.method(libc, "lastErrno").mock.mockImplementationOnce(() => ECONNABORTED);
    accepting.listener.onReady();
    assert.equal(accepting.sockets.length, 1);
    assert.deepEqual(accepting.errors, []);
    client?.destroy();
  });
});
