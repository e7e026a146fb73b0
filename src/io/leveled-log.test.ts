import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LeveledLog, logLevelOf } from "./leveled-log.ts";
import { createLog } from "./log.ts";

describe("LeveledLog", () => {
  it("drops what is below its level", () => {
    const lines: string[] = [];
    const log = new LeveledLog(createLog({ write: (text) => lines.push(text) }));
    log.info("a");
    log.level = "error";
    log.info("b");
    log.warning("c");
    log.error("d");
    assert.deepEqual(lines, ["rickhouse: a\n", "rickhouse: error: d\n"]);
  });

  it("knows its levels", () => {
    assert.equal(logLevelOf("warning"), "warning");
    assert.equal(logLevelOf("loud"), undefined);
  });
});
