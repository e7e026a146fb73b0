// Load, crashes, kills, hangs, reloads and aborts, all at once. SOAK_SECONDS says how long; an hour if it does not.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runMixed } from "../support/mixed-run.ts";

const SECONDS = Number(process.env["SOAK_SECONDS"] ?? 3600);

describe(`${SECONDS} seconds of everything at once`, () => {
  it("cost no ordinary request, and leave descriptors, files, memory and processes as they were", async (t) => {
    const { log, failures, ...figures } = await runMixed(SECONDS);
    t.diagnostic(JSON.stringify(figures));
    assert.deepEqual(failures, [], log);
  });
});
