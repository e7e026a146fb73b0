import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { ElasticWorkers, type ElasticWorkforce, type Load } from "./elastic-workers.ts";

/** Keeps this thread for so long, as a machine that is busy with others does. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A queue in which one request waits, and a pool that may grow; both tell what they are asked for. */
function elasticWorkers(happened: string[]): ElasticWorkers {
  const load: Load = {
    waiting: 1,
    get channels() {
      happened.push("requests noted");
      return [];
    },
    oldestAgeMs: () => 100,
    takeLeastIdle: () => 0,
  };
  const workforce: ElasticWorkforce = {
    registry: { target: 2, most: 8, ready: 2, least: 2 },
    get records() {
      happened.push("kernel asked");
      return new Map([[1, { worker: 1, pid: process.pid }]]);
    },
    resize: assert.fail,
    scale: assert.fail,
  };
  const config = { workers: { min: 2, max: 8 }, threads: 1, workerIdleTimeoutMs: 1000 };
  const log = { info: assert.fail };
  return new ElasticWorkers(load, workforce, { config, log });
}

/** The two ends of a connection. */
async function socketPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const socket = connect(address.port, "127.0.0.1");
  await once(socket, "connect");
  const peer = await accepted;
  server.close();
  return [socket, peer];
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Workers of which all are idle, and more than the least; tells each number that is asked for. */
function grownWorkers(onResize: (target: number) => void): ElasticWorkers {
  const registry = { target: 6, most: 6, ready: 6, least: 1 };
  const load: Load = { waiting: 0, channels: [], oldestAgeMs: () => 0, takeLeastIdle: () => 6 };
  const workforce: ElasticWorkforce = {
    registry,
    records: new Map(),
    resize: (target) => {
      registry.target = target;
      onResize(target);
    },
    scale: () => undefined,
  };
  const config = { workers: { min: 1, max: 6 }, threads: 1, workerIdleTimeoutMs: 1 };
  return new ElasticWorkers(load, workforce, { config, log: { info: () => undefined } });
}

describe("a restart", () => {
  it("gives up what had grown before and is idle", async () => {
    const targets: number[] = [];
    await new Promise<void>((resolve) => {
      const elastic = grownWorkers((target) => {
        targets.push(target);
        if (target === 1) resolve();
      });
      elastic.restart();
    });
    assert.deepEqual(targets, [5, 4, 3, 2, 1]);
  });

  it("that comes after the end wakes nobody", (test) => {
    const setTimeout = test.mock.method(globalThis, "setTimeout");
    const elastic = grownWorkers(() => assert.fail());
    elastic.stop();
    elastic.restart();
    assert.equal(setTimeout.mock.callCount(), 0);
  });
});

describe("a look at the workers", () => {
  it("asks the kernel, reads what has come, then notes the requests, also when the front is late", async () => {
    const happened: string[] = [];
    const [front, worker] = await socketPair();
    const elastic = elasticWorkers(happened);
    try {
      front.on("data", () => happened.push("answer read"));
      await nextTurn();
      elastic.waited();
      // An answer comes, and the time for the look, while the front has no processor.
      worker.write("answer");
      standStill(100);
      while (!happened.includes("requests noted")) await nextTurn();
      assert.deepEqual(happened, ["kernel asked", "answer read", "requests noted"]);
    } finally {
      elastic.stop();
      front.destroy();
      worker.destroy();
    }
  });
});
