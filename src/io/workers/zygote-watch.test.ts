import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { WorkerState } from "../../core/workers/state.ts";
import { debtorsAmong, ZygoteWatch } from "./zygote-watch.ts";

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Zygote 7 owes something. */
function owing({ mock }: TestContext): {
  watch: ZygoteWatch;
  debtors: number[];
  told: string[];
  steps: (count: number) => Promise<void>;
} {
  mock.timers.enable({ apis: ["setTimeout"] });
  const debtors = [7];
  const told: string[] = [];
  const watch = new ZygoteWatch({
    debtors: () => debtors,
    onAsk: (generation) => told.push(`ask ${generation}`),
    onHanging: (generation) => told.push(`${generation} hangs`),
  });
  watch.asked();
  const steps = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step++) {
      mock.timers.tick(1000);
      await turn();
    }
  };
  return { watch, debtors, told, steps };
}

function hanging(told: readonly string[]): readonly string[] {
  return told.filter((each) => each.endsWith("hangs"));
}

describe("ZygoteWatch", () => {
  it("asks a zygote that owes something for a word, and tells of one that says nothing for too long", async (context) => {
    const { told, steps } = owing(context);
    await steps(6);
    assert.deepEqual(
      told,
      Array.from({ length: 6 }, () => "ask 7"),
    );
    await steps(1);
    assert.equal(told.at(-1), "7 hangs");
    await steps(5);
    assert.deepEqual(hanging(told), ["7 hangs"], "not each second");
    await steps(1);
    assert.deepEqual(hanging(told), ["7 hangs", "7 hangs"]);
  });

  it("does not tell of one that is busy: it forks one large worker after the other, say", async (context) => {
    const { watch, told, steps } = owing(context);
    for (let worker = 0; worker < 5; worker++) {
      await steps(5);
      watch.heard(7);
    }
    assert.deepEqual(hanging(told), []);
    await steps(7);
    assert.deepEqual(hanging(told), ["7 hangs"]);
  });

  it("reads what has come first: the front may have stood still, and the timer be over for that", async (context) => {
    const { debtors, told, steps } = owing(context);
    await steps(6);
    context.mock.timers.tick(1000);
    debtors.pop();
    await turn();
    assert.deepEqual(hanging(told), []);
  });

  it("counts a standstill as one second, however long it was", async (context) => {
    const { told, steps } = owing(context);
    context.mock.timers.tick(3_600_000);
    await turn();
    await steps(5);
    assert.deepEqual(hanging(told), []);
    await steps(1);
    assert.deepEqual(hanging(told), ["7 hangs"]);
  });

  it("sleeps while nobody owes anything, and begins anew with the next who does", async (context) => {
    const { watch, debtors, told, steps } = owing(context);
    await steps(6);
    debtors.pop();
    await steps(1);
    debtors.push(7);
    told.length = 0;
    await steps(10);
    assert.deepEqual(told, []);
    watch.asked();
    await steps(6);
    assert.deepEqual(hanging(told), []);
    await steps(1);
    assert.deepEqual(hanging(told), ["7 hangs"]);
  });
});

function recordWith(isWithdrawing: boolean) {
  return { channels: [undefined, { channel: { isWithdrawing } }] };
}

describe("debtorsAmong", () => {
  it("finds whose fork, end or withdrawal has yet to be told, and no orphan", () => {
    const facts: { id: number; pid: number | undefined; state: WorkerState; isOrphan?: true }[] = [
      { id: 1, pid: undefined, state: "starting" },
      { id: 2, pid: 1002, state: "starting" },
      { id: 3, pid: 1003, state: "killed" },
      { id: 4, pid: 1004, state: "killed", isOrphan: true },
      { id: 5, pid: 1005, state: "ready" },
      { id: 6, pid: 1006, state: "ready" },
    ];
    // Each of a generation of its own.
    const workers = facts.map((each) => ({
      isOrphan: false,
      generation: { id: each.id },
      ...each,
    }));
    const records = new Map([
      [5, recordWith(false)],
      [6, recordWith(true)],
    ]);
    const found = debtorsAmong(workers, records);
    assert.deepEqual([...found], [1, 3, 6]);
  });
});
