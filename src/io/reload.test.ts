import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { loadConfigAlone } from "../config/load.ts";
import { Figures } from "../core/metrics/figures.ts";
import { History } from "../core/metrics/history.ts";
import { createLog } from "./log.ts";
import { reload } from "./reload.ts";
import { ReloadWatch, type ReloadOutcome } from "./workers/reload-watch.ts";

const { config } = loadConfigAlone({
  raw: new Map(),
  application: undefined,
  environment: { PATH: process.env["PATH"] },
  directory: tmpdir(),
});
const log = createLog({ write: () => undefined });

/** Generation 1 serves; each reload brings the next one on its way. */
function reloads(started?: Promise<void>): {
  readonly ask: () => Promise<ReloadOutcome>;
  readonly serve: () => void;
} {
  const watch = new ReloadWatch({ figures: new Figures(), history: new History() });
  let candidate = 1;
  const parts = {
    log,
    onChanged: assert.fail,
    startCode: () => {
      if (started === undefined) candidate++;
      watch.settled({ serving: 1, candidate, lastFailure: "" });
      return started;
    },
    watchCode: () => watch.begun({ serving: 1, candidate, lastFailure: "" }),
    onRefused: assert.fail,
  };
  return {
    ask: () => reload(config, () => ({ config, isSameApplication: true }), parts),
    serve: () => watch.settled({ serving: candidate, candidate: undefined, lastFailure: "" }),
  };
}

describe("reload", () => {
  it("tells each of two that come at once of its own code", async () => {
    const { ask, serve } = reloads();
    const outcomes = [ask(), ask()];
    setImmediate(serve);
    assert.deepEqual(await Promise.all(outcomes), [
      { generation: 2, error: "a newer reload took its place" },
      { generation: 3, error: undefined },
    ]);
  });

  it("before the start is over: tells all of the code that the start has loaded", async () => {
    const { ask, serve } = reloads(Promise.resolve());
    const outcomes = [ask(), ask()];
    setImmediate(serve);
    const outcome = { generation: 1, error: undefined };
    assert.deepEqual(await Promise.all(outcomes), [outcome, outcome]);
  });
});
