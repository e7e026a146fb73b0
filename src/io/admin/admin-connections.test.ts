import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createListener, type AddressInfo, type Socket } from "node:net";
import { after, before, describe, it, type TestContext } from "node:test";
import { AdminConnections } from "./admin-connections.ts";

const TIMEOUT_MS = 10_000;
const MOST = 3;

function closed(socket: Socket): Promise<unknown> {
  socket.resume();
  return once(socket, "close");
}

describe("AdminConnections", () => {
  const limits = { requestTimeoutMs: TIMEOUT_MS, most: MOST };
  const connections = new AdminConnections(limits);
  /** "accepted", "asked" with the response that the test is to give, "answered". */
  const seen = new EventEmitter();
  // As the admin side does it: http is given sockets, and listens nowhere.
  const http = createServer(
    { keepAliveTimeout: 10 * TIMEOUT_MS },
    (request: IncomingMessage, response: ServerResponse) => {
      connections.asked(request, response);
      response.once("close", () => seen.emit("answered"));
      request.once("end", () => seen.emit("asked", response)).resume();
    },
  );
  const listener = createListener((socket) => {
    connections.add(socket);
    http.emit("connection", socket);
    seen.emit("accepted");
  });
  before(() => once(listener.listen(0, "127.0.0.1"), "listening"));
  after(() => listener.close());

  const open = async (text = ""): Promise<Socket> => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens at a port
    const socket = connect((listener.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => {});
    await once(seen, "accepted");
    if (text !== "") socket.write(text);
    return socket;
  };
  const ask = async (
    text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  ): Promise<{ socket: Socket; response: ServerResponse }> => {
    const asked = once(seen, "asked");
    const socket = await open(text);
    const [response] = await asked;
    assert.ok(response !== undefined);
    return { socket, response };
  };
  const haveTimers = (test: TestContext): (() => void) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    return () => {
      test.mock.timers.tick(TIMEOUT_MS);
    };
  };

  for (const [name, text] of [
    ["says nothing", ""],
    ["sends half a head", "GET / HTTP/1.1\r\n"],
    ["sends half a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"],
  ]) {
    it(`closes one that ${name}`, async (test) => {
      const letTimePass = haveTimers(test);
      const asked = once(http, "request");
      const socket = await open(text);
      if (text?.startsWith("POST") === true) await asked;
      letTimePass();
      await closed(socket);
    });
  }

  for (const [name, text] of [
    ["without a body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["with a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"],
  ]) {
    it(`gives the answer to a request ${name} all its time, and no more to the next`, async (test) => {
      const letTimePass = haveTimers(test);
      const { socket, response } = await ask(text);
      letTimePass();
      const answered = once(seen, "answered");
      response.end("late");
      const [head] = await once(socket, "data");
      assert.match(String(head), /^HTTP\/1.1 200 /);
      await answered;
      letTimePass();
      await closed(socket);
    });
  }

  it("lets the oldest go when there are too many", async () => {
    const { socket: oldest } = await ask();
    const others = [await ask(), await ask()];
    const newest = await ask();
    await closed(oldest);
    for (const { socket, response } of [...others, newest]) {
      response.end("done");
      const [head] = await once(socket, "data");
      assert.match(String(head), /^HTTP\/1.1 200 /);
      socket.destroy();
    }
  });
});
