import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  OPTIONS,
  lineOf,
  notes,
  lines,
  servingRegistry,
  statesOf,
} from "../../../test/support/registry-lines.ts";
import type { RegistryOptions } from "./commands.ts";
import { Registry } from "./registry.ts";

let registry = new Registry(OPTIONS);

const states = (): string[] => statesOf(registry);

function serving(options: Partial<RegistryOptions> = {}): void {
  registry = servingRegistry(options);
}

beforeEach(() => {
  registry = new Registry(OPTIONS);
});

describe("start", () => {
  it("loads a zygote, forks the least number of workers, admits them", () => {
    assert.deepEqual(lines(registry.start(0)), ["startZygote 1"]);
    assert.deepEqual(lines(registry.zygoteLoaded(1, 100)), ["fork 1 in 1", "fork 2 in 1"]);
    assert.deepEqual(lines(registry.forked(1, 4711, 101)), []);
    assert.deepEqual(lines(registry.hello(1, 0, 102)), ["admit 1/0"]);
    assert.equal(registry.hasServed, true);
    assert.deepEqual(states(), ["1 ready", "2 starting"]);
  });

  it("takes a HELLO that is quicker than the report of the fork", () => {
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    assert.deepEqual(lines(registry.hello(1, 0, 1)), ["admit 1/0"]);
    registry.forked(1, 4711, 2);
    assert.equal(registry.workers.get(1)?.pid, 4711);
  });

  it("waits for the HELLO of all threads", () => {
    registry = new Registry({ ...OPTIONS, threads: 2 });
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    registry.hello(1, 0, 1);
    assert.equal(registry.workers.get(1)?.state, "starting");
    assert.deepEqual(lines(registry.hello(1, 0, 1)), ["refuse 1/0"], "twice");
    assert.deepEqual(lines(registry.hello(1, 1, 1)), ["admit 1/1"]);
    assert.equal(registry.workers.get(1)?.state, "ready");
  });

  it("refuses a worker that nobody knows", () => {
    serving();
    assert.deepEqual(lines(registry.hello(99, 0, 1)), ["refuse 99/0"]);
  });

  it("ends when the application does not import", () => {
    registry.start(0);
    const commands = lines(registry.zygoteFailed(1, "No module named 'flask'", 1));
    assert.deepEqual(commands, ["fatal: the application does not import: No module named 'flask'"]);
    assert.equal(registry.nextTickAt, Infinity);
    assert.deepEqual(lines(registry.zygoteLost(1, 2)), []);
  });

  it("ends when the zygote dies at the import", () => {
    registry.start(0);
    assert.deepEqual(lines(registry.zygoteLost(1, 1)), ["fatal: the zygote has ended"]);
  });

  it("ends when the application cannot be imported in the workers", () => {
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    const commands = lines(registry.exited(1, 3, null, 1));
    assert.deepEqual(commands, ["fatal: the application does not import"]);
  });

  it("tries again, later and later, when the first workers die of something else", () => {
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    registry.exited(1, null, "SIGSEGV", 10);
    assert.deepEqual(lines(registry.exited(2, null, "SIGSEGV", 10)), []);
    assert.equal(registry.nextTickAt, 110);
    assert.deepEqual(lines(registry.tick(110, 0)), ["fork 3 in 1", "fork 4 in 1"]);
    registry.exited(3, null, "SIGSEGV", 120);
    assert.equal(registry.nextTickAt, 320);
    assert.deepEqual(
      lines(registry.tick(320, 0)),
      [],
      "worker 4 shows whether it still goes wrong",
    );
    assert.deepEqual(lines(registry.exited(4, null, "SIGSEGV", 330)), ["fork 5 in 1"]);
  });

  it("kills a worker that does not get ready in time, and starts another", () => {
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    registry.hello(1, 0, 1);
    assert.equal(registry.nextTickAt, 5000);
    const commands = registry.tick(5000, 0);
    assert.deepEqual(lines(commands), ["KILL 2"]);
    assert.deepEqual(notes(commands), [
      "error: worker 2 did not get ready in time before it was ready",
    ]);
    assert.deepEqual(lines(registry.tick(5100, 0)), ["fork 3 in 1"]);
  });

  it("ends when no worker ever gets ready in time", () => {
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    assert.deepEqual(lines(registry.tick(5000, 0)), ["KILL 1", "KILL 2"]);
    const again = lines(registry.tick(5200, 0));
    assert.ok(again.includes("fork 3 in 1"), again.join());
    registry.tick(10_300, 0);
    registry.tick(10_700, 0);
    const commands = lines(registry.tick(15_800, 0));
    assert.equal(commands.at(-1), "fatal: the application did not load in time");
  });

  it("ends so too when each of them takes a minute for it, and only one is forked to see", () => {
    registry = new Registry({ ...OPTIONS, startTimeoutMs: 60_000 });
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    assert.deepEqual(lines(registry.tick(60_000, 0)), ["KILL 1", "KILL 2"]);
    registry.exited(1, null, "SIGKILL", 60_001);
    registry.exited(2, null, "SIGKILL", 60_001);
    assert.deepEqual(lines(registry.tick(60_100, 0)), ["fork 3 in 1", "fork 4 in 1"]);
    assert.deepEqual(lines(registry.tick(120_100, 0)), ["KILL 3", "KILL 4"]);
    registry.exited(3, null, "SIGKILL", 120_101);
    registry.exited(4, null, "SIGKILL", 120_101);
    assert.deepEqual(lines(registry.tick(120_300, 0)), ["fork 5 in 1"]);
    assert.deepEqual(lines(registry.tick(150_000, 0)), [], "it shows whether it still goes wrong");
    const commands = lines(registry.tick(180_300, 0));
    assert.equal(commands.at(-1), "fatal: the application did not load in time");
  });

  it("ends when the first zygote does not load in time", () => {
    registry.start(0);
    const commands = lines(registry.tick(5000, 0));
    assert.deepEqual(commands, [
      "stopZygote 1 by force",
      "fatal: the application did not load in time",
    ]);
  });

  it("waits for ever without a time-out", () => {
    registry = new Registry({ ...OPTIONS, startTimeoutMs: 0 });
    registry.start(0);
    registry.zygoteLoaded(1, 0);
    assert.equal(registry.nextTickAt, Infinity);
  });
});

describe("a front that stood still", () => {
  it("gives back the time of a start", () => {
    registry.start(0);
    registry.stoodStill(3_600_000, 3_600_100);
    assert.equal(registry.nextTickAt, 3_605_000);
    registry.zygoteLoaded(1, 3_600_100);
    registry.stoodStill(4000, 3_604_200);
    assert.deepEqual(lines(registry.tick(3_605_100, 0)), []);
    assert.deepEqual(lines(registry.tick(3_609_100, 0)), ["KILL 1", "KILL 2"]);
  });

  it("gives nobody more than who begins now, and the end of all nothing", () => {
    registry.start(0);
    registry.stoodStill(3_600_000, 100);
    assert.equal(registry.nextTickAt, 25_100);
    serving();
    registry.drain(0);
    registry.stoodStill(20_000, 21_000);
    assert.equal(registry.nextTickAt, 25_000);
  });
});

describe("what is asked for before the start", () => {
  it("starts nothing: a reload is the start's, and the number of workers is remembered", () => {
    const reload = registry.reload(0);
    assert.deepEqual(lines(reload), []);
    assert.deepEqual(notes(reload), [
      "info: reload: the server has yet to start, which loads the new code",
    ]);
    assert.deepEqual(lines(registry.scale(3, 1)), []);
    assert.deepEqual(lines(registry.resize(4, 2)), []);
    assert.deepEqual(lines(registry.resize(3, 3)), []);
    assert.equal(registry.nextTickAt, Infinity);
    assert.deepEqual(lines(registry.start(4)), ["startZygote 1"]);
    assert.deepEqual(lines(registry.zygoteLoaded(1, 5)), [
      "fork 1 in 1",
      "fork 2 in 1",
      "fork 3 in 1",
    ]);
  });

  it("starts nothing for requests that wait while the server ends", () => {
    registry.drain(0);
    assert.deepEqual(lines(registry.tick(50, 1)), []);
    assert.deepEqual(lines(registry.finish(60)), ["drained"]);
    assert.deepEqual(lines(registry.start(70)), []);
  });
});

describe("crash", () => {
  it("is answered with a new worker at once", () => {
    serving();
    const commands = registry.exited(1, null, "SIGSEGV", 60_000);
    assert.deepEqual(lines(commands), ["fork 3 in 1"]);
    assert.deepEqual(notes(commands), ["error: worker 1 (pid 1001) was ended by SIGSEGV"]);
  });

  it("again and again is answered later and later", () => {
    serving({ minWorkers: 1 });
    assert.deepEqual(lines(registry.exited(1, 1, null, 1000)), ["fork 2 in 1"]);
    registry.hello(2, 0, 1001);
    assert.deepEqual(lines(registry.exited(2, 1, null, 1002)), []);
    assert.equal(registry.nextTickAt, 1202);
    assert.deepEqual(lines(registry.tick(1202, 0)), ["fork 3 in 1"]);
  });

  it("of a worker that is on its way out is what was wanted", () => {
    serving();
    registry.scale(1, 0);
    assert.deepEqual(states(), ["1 ready", "2 retiring"]);
    assert.deepEqual(notes(registry.exited(2, 0, null, 1)), []);
    assert.deepEqual(states(), ["1 ready"]);
  });

  it("reported for a worker that nobody knows changes nothing", () => {
    serving();
    assert.deepEqual(registry.exited(99, 0, null, 1), []);
    assert.deepEqual(registry.channelLost(99, 1), []);
    assert.deepEqual(registry.condemn(99, "", 1), []);
    assert.deepEqual(registry.workerTimedOut(99, 1), []);
    assert.deepEqual(registry.forked(99, 1, 1), []);
    assert.deepEqual(registry.zygoteLoaded(99, 1), []);
    assert.deepEqual(registry.zygoteLost(99, 1), []);
  });
});

describe("a lost channel", () => {
  it("is the end of the worker: another takes its place, and it has the graceful time for what it left for its end", () => {
    serving();
    const commands = registry.channelLost(1, 100);
    assert.deepEqual(lines(commands), ["fork 3 in 1"]);
    assert.deepEqual(notes(commands), [], "its exit says more");
    registry.hello(3, 0, 101);
    assert.deepEqual(registry.tick(1100, 0), []);
    assert.equal(registry.nextTickAt, 25_100);
    const atLast = registry.tick(25_100, 0);
    assert.deepEqual(lines(atLast), ["KILL 1"]);
    assert.deepEqual(notes(atLast), ["warning: worker 1 (pid 1001) did not finish in time"]);
    assert.deepEqual(registry.exited(1, null, "SIGKILL", 25_101), []);
  });

  it("in the midst of a request, which nobody can answer any more, gives it a second", () => {
    serving({ isBusy: (worker) => worker === 1 });
    assert.deepEqual(lines(registry.channelLost(1, 100)), ["fork 3 in 1"]);
    registry.hello(3, 0, 101);
    assert.equal(registry.nextTickAt, 1100);
    const commands = registry.tick(1100, 0);
    assert.deepEqual(lines(commands), ["KILL 1"]);
    assert.deepEqual(notes(commands), ["error: worker 1 (pid 1001) lost its channel"]);
    assert.deepEqual(registry.exited(1, null, "SIGKILL", 1101), []);
  });

  it("of the last worker, where there is no place for another, gives it a second", () => {
    serving({ minWorkers: 1, maxWorkers: 2 });
    registry.resize(2, 0);
    registry.forked(2, 1002, 0);
    registry.hello(2, 0, 0);
    registry.channelLost(1, 100);
    assert.deepEqual(lines(registry.channelLost(2, 100)), []);
    const commands = lines(registry.tick(1100, 0));
    assert.deepEqual(commands.slice(0, 2), ["KILL 1", "KILL 2"]);
  });

  it("followed by the exit is a crash, counted once", () => {
    serving({ minWorkers: 1 });
    assert.deepEqual(lines(registry.channelLost(1, 100)), ["fork 2 in 1"]);
    assert.deepEqual(registry.exited(1, 1, null, 101).map(lineOf), [
      "error: worker 1 (pid 1001) exited with status 1",
    ]);
    registry.hello(2, 0, 102);
    assert.deepEqual(lines(registry.channelLost(2, 103)), [], "the second in a row");
    registry.exited(2, 1, null, 104);
    assert.deepEqual(lines(registry.tick(303, 0)), ["fork 3 in 1"]);
  });

  it("of a worker that breaks the protocol with its last words is told", () => {
    serving();
    registry.channelLost(1, 100);
    const commands = registry.condemn(1, "broke the protocol", 100).map(lineOf);
    assert.deepEqual(commands, ["KILL 1", "error: worker 1 (pid 1001) broke the protocol"]);
  });

  it("at the end of all does not shorten the grace of anybody", () => {
    serving({ minWorkers: 1 });
    registry.drain(0);
    registry.channelLost(1, 100);
    assert.deepEqual(lines(registry.tick(1100, 0)), []);
    assert.deepEqual(lines(registry.tick(25_000, 0)), ["KILL 1"]);
  });

  it("of one of several threads lets the others finish", () => {
    serving({ threads: 2 });
    const commands = registry.channelLost(1, 100);
    assert.deepEqual(lines(commands), ["retire 1", "fork 3 in 1"]);
    assert.deepEqual(notes(commands), []);
    assert.deepEqual(lines(registry.channelLost(1, 100)), []);
    const told = ["error: worker 1 (pid 1001) was ended by SIGKILL"];
    assert.deepEqual(notes(registry.exited(1, null, "SIGKILL", 101)), told);
  });

  it("of some threads does not say what ended the worker, of all it may", () => {
    for (const lost of [1, 2]) {
      serving({ threads: 2 });
      for (let i = 0; i < lost; i++) registry.channelLost(1, 100);
      assert.ok(lines(registry.tick(25_100, 0)).includes("KILL 1"));
      assert.equal(registry.workers.get(1)?.hadLeftBefore, lost === 2);
    }
  });

  it("of a worker that retires is what was wanted, but it must leave then", () => {
    serving();
    registry.scale(1, 0);
    registry.channelLost(2, 100);
    assert.deepEqual(lines(registry.tick(24_999, 0)), [], "it may finish what it left for its end");
    assert.deepEqual(lines(registry.tick(25_000, 0)), ["KILL 2"]);
  });
});

describe("condemnation", () => {
  it("kills and replaces at once", () => {
    serving();
    const commands = registry.condemn(1, "broke the protocol", 60_000);
    assert.deepEqual(lines(commands), ["KILL 1", "fork 3 in 1"]);
    assert.deepEqual(notes(commands), ["error: worker 1 (pid 1001) broke the protocol"]);
    assert.deepEqual(registry.condemn(1, "broke the protocol", 60_000), []);
  });
});

describe("request time-out", () => {
  it("aborts the worker, replaces it at once, kills it after a second", () => {
    serving();
    assert.deepEqual(lines(registry.workerTimedOut(1, 100)), ["ABRT 1", "fork 3 in 1"]);
    registry.hello(3, 0, 101);
    assert.equal(registry.nextTickAt, 1100);
    assert.deepEqual(lines(registry.tick(1100, 0)), ["KILL 1"]);
    assert.deepEqual(lines(registry.workerTimedOut(1, 1101)), []);
    assert.deepEqual(notes(registry.exited(1, null, "SIGKILL", 1102)), []);
  });

  it("strikes a retiring worker too", () => {
    serving();
    registry.scale(1, 0);
    assert.deepEqual(lines(registry.workerTimedOut(2, 100)), ["ABRT 2"]);
  });

  it("lets the other threads finish first", () => {
    serving({ threads: 2 });
    assert.deepEqual(lines(registry.workerTimedOut(1, 100)), ["retire 1", "fork 3 in 1"]);
    assert.deepEqual(lines(registry.othersFinished(1, 300)), ["ABRT 1"]);
    assert.deepEqual(lines(registry.othersFinished(1, 301)), []);
  });

  it("does not wait for them for ever", () => {
    serving({ threads: 2, startTimeoutMs: 0 });
    registry.workerTimedOut(1, 100);
    assert.equal(registry.nextTickAt, 25_100);
    assert.deepEqual(lines(registry.tick(25_100, 0)), ["ABRT 1"]);
    assert.deepEqual(lines(registry.tick(26_100, 0)), ["KILL 1"]);
  });

  it("in a worker that retires already waits for the other threads as well", () => {
    serving({ threads: 2 });
    registry.scale(1, 0);
    assert.deepEqual(lines(registry.workerTimedOut(2, 100)), []);
    assert.deepEqual(lines(registry.othersFinished(2, 101)), ["ABRT 2"]);
  });
});

describe("scale", () => {
  it("adds and removes workers within 1 and the maximum", () => {
    serving();
    assert.deepEqual(lines(registry.scale(9, 0)), ["fork 3 in 1", "fork 4 in 1"]);
    assert.equal(registry.target, 4);
    registry.hello(3, 0, 1);
    assert.deepEqual(lines(registry.scale(0, 2)), ["retire 2", "retire 3", "KILL 4"]);
    assert.equal(registry.target, 1);
  });

  it("lets those go first that hold no requests", () => {
    const busy = new Set([2, 4]);
    serving({ minWorkers: 4, maxWorkers: 4, isBusy: (worker) => busy.has(worker) });
    assert.deepEqual(lines(registry.scale(3, 0)), ["retire 3"]);
    assert.deepEqual(lines(registry.resize(1, 1)), [], "not below the least");
    assert.deepEqual(lines(registry.scale(1, 2)), ["retire 4", "retire 1"]);
  });

  it("lets those that are too many finish what they hold, without a limit of time", () => {
    serving({ minWorkers: 4, maxWorkers: 4, isBusy: (worker) => worker !== 1 });
    assert.deepEqual(lines(registry.scale(2, 0)), ["retire 4", "retire 1"]);
    assert.deepEqual(lines(registry.tick(25_000, 0)), ["KILL 1"], "it held nothing");
    registry.channelLost(4, 600_000);
    assert.deepEqual(lines(registry.tick(625_000, 0)), ["KILL 4"]);
  });

  it("lets those that finish hold up no end", () => {
    serving({ isBusy: () => true });
    registry.scale(1, 0);
    registry.drain(100_000);
    registry.finish(100_001);
    assert.deepEqual(lines(registry.tick(125_000, 0)), ["KILL 1", "KILL 2"]);
  });

  it("moves the least number, and what was grown with it", () => {
    serving();
    assert.deepEqual(lines(registry.resize(3, 0)), ["fork 3 in 1"]);
    registry.hello(3, 0, 1);
    assert.deepEqual(lines(registry.scale(3, 1)), ["fork 4 in 1"]);
    assert.deepEqual([registry.least, registry.target, registry.ready], [3, 4, 3]);
    assert.deepEqual(lines(registry.resize(1, 2)), ["KILL 4"], "not below the least");
    assert.deepEqual([registry.least, registry.target, registry.most], [3, 3, 4]);
  });
});
