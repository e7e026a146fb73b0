import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { describe, it } from "node:test";
import { TWINS, TwinListeners } from "./twin-listeners.ts";

const PYTHON = process.env["PYTHON"] ?? "python3";

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a TCP server it is one
  const { port } = server.address() as AddressInfo;
  return { server, port };
}

function countOf(twins: TwinListeners, connections: number): void {
  for (let count = 0; count < connections; count++) twins.count();
}

/** Its answer is the name of who accepted. */
async function answerAt(port: number): Promise<string> {
  const client = connect(port, "127.0.0.1");
  let text = "";
  client.on("data", (bytes: Buffer) => (text += bytes.toString()));
  await once(client, "close");
  return text;
}

describe("twins of a listening socket", () => {
  it("come with the second 25 connections in a second, accept too, and leave the server as it was", async () => {
    const { server, port } = await listening();
    server.on("connection", (socket: Socket) => socket.end("server"));
    const made: Server[] = [];
    const twins = new TwinListeners(server, PYTHON, () => {
      const twin = createServer((socket) => socket.end("twin"));
      made.push(twin);
      return twin;
    });
    countOf(twins, 49);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(made.length, 0);
    countOf(twins, 1);
    while (made.length < TWINS) await new Promise((resolve) => setTimeout(resolve, 5));
    const answers = new Set<string>();
    while (answers.size < 2) {
      const some = Array.from({ length: 20 }, () => answerAt(port));
      for (const answer of await Promise.all(some)) answers.add(answer);
    }
    assert.deepEqual([...answers].toSorted(), ["server", "twin"]);

    twins.close();
    for (const twin of made) assert.equal(twin.listening, false);
    assert.equal(await answerAt(port), "server");
    server.close();
  });

  it("do not come where no process can be started, and nothing else happens", async () => {
    const { server } = await listening();
    // ENOTDIR, of which Node tells by an exception.
    const twins = new TwinListeners(server, `${import.meta.filename}/python3`, () => {
      throw new Error("a twin");
    });
    countOf(twins, 100);
    twins.close();
    server.close();
  });

  it("that come when all is over are closed", async () => {
    const { server } = await listening();
    let made = 0;
    const twins = new TwinListeners(server, PYTHON, () => {
      made++;
      return createServer();
    });
    countOf(twins, 50);
    twins.close();
    server.close();
    await once(server, "close");
    assert.equal(made, 0);
  });

  it("that cannot be had change nothing", async () => {
    const { server, port } = await listening();
    server.on("connection", (socket: Socket) => socket.end("server"));
    const twins = new TwinListeners(server, "/nowhere/python", () => createServer());
    countOf(twins, 50);
    assert.equal(await answerAt(port), "server");
    twins.close();
    server.close();
  });
});
