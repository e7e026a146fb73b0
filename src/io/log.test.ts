import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { logLevelOf } from "../core/log/log-level.ts";
import { createLog, type Log, type LogOptions } from "./log.ts";

function kept(options?: LogOptions): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const stream = {
    write: (text: string): void => {
      lines.push(text);
    },
  };
  return { log: options === undefined ? createLog(stream) : createLog(stream, options), lines };
}

describe("createLog", () => {
  it("writes plain lines, further ones indented, controls escaped", () => {
    const { log, lines } = kept();
    log.info("one");
    log.warning("two\nthree");
    log.error("\u001b[2J");
    assert.deepEqual(lines, [
      "rickhouse: one\n",
      "rickhouse: warning: two\n    three\n",
      "rickhouse: error: \\x1b[2J\n",
    ]);
  });

  it("begins plain lines with the time where that is asked for, and names who reports", () => {
    const { log, lines } = kept({ format: "plain", level: "info", hasTime: true });
    log.warning("one\ntwo");
    log.error("error in GET /\nTraceback", { source: "worker", pid: 7, worker: 1 });
    const times = lines.map((line) => line.slice(0, 24));
    for (const time of times) assert.equal(new Date(time).toISOString(), time);
    assert.deepEqual(
      lines.map((line) => line.slice(24)),
      [
        " rickhouse: warning: one\n    two\n",
        " rickhouse worker[7]: error in GET /\n    Traceback\n",
      ],
    );
  });

  it("writes one JSON line for each text, a traceback too", () => {
    const { log, lines } = kept({ format: "json", level: "info" });
    const text = 'Traceback "x"\n  File\u2028\u001b[2J\u202e';
    log.error(text, { request_id: "abc", worker: 3 });
    const [line = ""] = lines;
    assert.equal(lines.length, 1);
    assert.equal(line.indexOf("\n"), line.length - 1);
    const escape = String.fromCharCode(0x1b);
    assert.equal(line.includes(escape) || line.includes("\u202e"), false);
    const { time, ...rest } = Object(JSON.parse(line));
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
    const fields = { pid: process.pid, request_id: "abc", worker: 3 };
    assert.deepEqual(rest, { level: "error", message: text, ...fields });
  });

  it("leaves out what is below its level, which can be changed", () => {
    const { log, lines } = kept({ format: "plain", level: "warning" });
    log.info("no");
    log.warning("yes");
    log.level = "debug";
    log.debug("now");
    log.level = "error";
    log.warning("no more");
    assert.deepEqual(lines, ["rickhouse: warning: yes\n", "rickhouse: debug: now\n"]);
  });
});

describe("logLevelOf", () => {
  it("knows the levels and nothing else", () => {
    assert.equal(logLevelOf("debug"), "debug");
    assert.equal(logLevelOf("loud"), undefined);
    assert.equal(logLevelOf(1), undefined);
  });
});
