import assert from "node:assert/strict";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { describe, it } from "node:test";
import { Recycler } from "./recycler.ts";
import { newWorkerRecord, type WorkerRecord } from "./worker-record.ts";

/** This process serves as one: above any limit of a byte. */
function newWorker(worker: number): WorkerRecord {
  return Object.assign(newWorkerRecord(worker, 1, 1), { pid: process.pid });
}

/** What happened next, one after the other. */
class Told {
  readonly #texts: string[] = [];
  #wake: (() => void) | undefined;

  add(text: string): void {
    this.#texts.push(text);
    this.#wake?.();
  }

  async next(): Promise<string> {
    while (this.#texts.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#texts.shift() ?? "";
  }
}

describe("the limit of memory, changed by a reload", () => {
  const limits = { maxRequests: 0, maxRequestsJitter: 0, maxMemoryBytes: 1, maxAgeMs: 0 };

  it("below what a new worker takes is told again", async () => {
    const told = new Told();
    const log = {
      info: (text: string) => told.add(text),
      warning: (text: string) => told.add(text),
    };
    const recycler = new Recycler(limits, log, { records: new Map(), recycle: assert.fail });
    for (const worker of [1, 2]) {
      recycler.admitted(newWorker(worker), 0);
      assert.match(await told.next(), /--max-memory 1B is below what a new worker takes/);
      recycler.restart();
    }
    recycler.close();
  });

  it("strikes a worker that nobody had measured when it was new", async (test) => {
    test.mock.timers.enable({ apis: ["setInterval"] });
    const told = new Told();
    const log = { info: () => undefined, warning: (text: string) => told.add(text) };
    const record = newWorker(1);
    const changing = { ...limits, maxMemoryBytes: 0 };
    const recycler = new Recycler(changing, log, {
      records: new Map([[1, record]]),
      recycle: (worker) => told.add(`worker ${worker} is replaced`),
    });
    recycler.admitted(record, 0);
    changing.maxMemoryBytes = 1;
    recycler.restart();
    test.mock.timers.tick(5000);
    assert.equal(await told.next(), "worker 1 is replaced");
    recycler.close();
  });

  it("is judged by the first look at a new worker, however late that tells", async (test) => {
    test.mock.timers.enable({ apis: ["setInterval"] });
    const first = Promise.withResolvers<string>();
    const looks = [first.promise, Promise.resolve("Pss: 9 kB\n")];
    test.mock.method(promises, "readFile", () => looks.shift());
    syncBuiltinESMExports();
    const told = new Told();
    const log = { info: () => undefined, warning: (text: string) => told.add(text) };
    const record = newWorker(1);
    const recycler = new Recycler(limits, log, {
      records: new Map([[1, record]]),
      recycle: (worker) => told.add(`worker ${worker} is replaced`),
    });
    recycler.start();
    recycler.admitted(record, 0);
    test.mock.timers.tick(5000);
    setImmediate(() => first.resolve("Pss: 8 kB\n"));
    assert.match(await told.next(), /--max-memory 1B is below what a new worker takes/);
    recycler.close();
    test.mock.restoreAll();
    syncBuiltinESMExports();
  });
});
