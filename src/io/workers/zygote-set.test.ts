import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { WorkforceOptions } from "./workforce-events.ts";
import { ZygoteSet } from "./zygote-set.ts";

const LOADED = JSON.stringify({
  type: "loaded",
  pid: 0,
  python: "3",
  preload: true,
  notes: [],
  memory: { descriptor: -1, outboxesAt: 0, bodies: -1, answers: -1 },
});

/** With programs in place of Python that have loaded, and keep what they are told. */
async function withZygotes(
  count: number,
  use: (zygotes: ZygoteSet, heardBy: (generation: number) => string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "zygote-set-test-"));
  const python = join(directory, "python");
  const lines = ["#!/bin/sh", `echo '${LOADED}' >&3`, `exec cat <&3 >"${directory}/$GENERATION"`];
  writeFileSync(python, `${lines.join("\n")}\n`, { mode: 0o755 });
  const env = [{ name: "GENERATION", value: "" }];
  const log = { kind: "stderr" };
  const config = { python, env, pythonpath: [], workers: { min: 1, max: 1 }, threads: 1, log };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of them
  const options = {
    config,
    application: {},
    privateDirectory: directory,
  } as unknown as WorkforceOptions;
  let change = Promise.withResolvers<void>();
  let started = 0;
  let loaded = 0;
  let gone = 0;
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await change.promise;
  };
  const changed = (): void => {
    change.resolve();
    change = Promise.withResolvers();
  };
  const zygotes = new ZygoteSet(options, {
    onReport: () => {
      loaded++;
      changed();
    },
    onGone: () => {
      gone++;
      changed();
    },
    debtors: () => [],
  });
  try {
    for (let generation = 1; generation <= count; generation++) {
      env[0] = { name: "GENERATION", value: String(generation) };
      zygotes.start(generation);
      started++;
      await until(() => loaded === generation);
    }
    await use(zygotes, (generation) => {
      const path = join(directory, String(generation));
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    });
  } finally {
    zygotes.killAll();
    await until(() => gone === started);
    rmSync(directory, { recursive: true });
  }
}

/** Once it has come. */
async function notifiedBy(heardBy: (generation: number) => string): Promise<number[]> {
  for (;;) {
    const all = [1, 2].filter((generation) => heardBy(generation).includes('"notify"'));
    if (all.length > 0) return all;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const NOTE = { type: "notify", address: "@a", state: "READY=1" } as const;

describe("what is told to a zygote that listens", () => {
  it("goes to the oldest", async () => {
    await withZygotes(2, async (zygotes, heardBy) => {
      assert.equal(zygotes.sendToListening(NOTE), true);
      assert.deepEqual(await notifiedBy(heardBy), [1]);
    });
  });

  it("goes to none that was told to stop: it may end before it reads on", async () => {
    await withZygotes(2, async (zygotes, heardBy) => {
      zygotes.stop(2, false);
      assert.equal(zygotes.sendToListening(NOTE), true);
      assert.deepEqual(await notifiedBy(heardBy), [1]);
      zygotes.stop(1, false);
      assert.equal(zygotes.sendToListening(NOTE), false);
    });
  });
});
