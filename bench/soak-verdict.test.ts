import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mostKilledTwice, verdictOf } from "../test/support/soak-verdict.ts";

const ANSWER = "HTTP/1.1 502 Bad Gateway [k3v9-1]";

function death(pid: number, { how = "SIGKILL", id = "k3v9-1" } = {}): string {
  return `10:00:00.000 error   worker 7 (pid ${pid}) ended by ${how} while it ran GET /nap [${id}] (2 ms)`;
}

function killedTwice(lines: readonly string[], what = ANSWER): number {
  const evidence = { unanswered: [what], log: lines.join("\n"), killed: new Set([100, 200]) };
  const { killedTwice: count, failures } = verdictOf(evidence);
  assert.equal(count + failures.length, 1);
  return count;
}

describe("a request of a soak that was not answered", () => {
  it("is allowed if the log has two deaths of workers under it, and the run had killed both", () => {
    assert.equal(killedTwice([death(100), death(300, { id: "k3v9-2" }), death(200)]), 1);
  });

  it("is not if it died once only, or the log does not tell", () => {
    assert.equal(killedTwice([death(100)]), 0);
    assert.equal(killedTwice([death(100), death(100)]), 0);
    assert.equal(killedTwice([death(100), death(200, { id: "k3v9-11" })]), 0);
    assert.equal(killedTwice([]), 0);
  });

  it("is not if somebody else ended one of the workers, or in another way", () => {
    assert.equal(killedTwice([death(100), death(300)]), 0);
    assert.equal(killedTwice([death(100), death(200, { how: "SIGSEGV" })]), 0);
    const blamed = "SIGKILL (out of memory: it is not repeated)";
    assert.equal(killedTwice([death(100), death(200, { how: blamed })]), 0);
    assert.equal(killedTwice([death(100), death(200), death(200)]), 0);
  });

  it("is not if it got another answer, or none", () => {
    const both = [death(100), death(200)];
    assert.equal(killedTwice(both, "HTTP/1.1 503 Service Unavailable [k3v9-1]"), 0);
    assert.equal(killedTwice(both, "HTTP/1.1 502 Bad Gateway"), 0);
    assert.equal(killedTwice(both, "ECONNRESET with a request"), 0);
  });

  it("is listed with its lines of the log if it is a failure", () => {
    const log = [death(100), death(300, { id: "k3v9-2" })].join("\n");
    const { failures } = verdictOf({ unanswered: [ANSWER], log, killed: new Set([100]) });
    assert.deepEqual(failures, [{ what: ANSWER, log: [death(100)] }]);
  });
});

describe("how many may have been killed twice", () => {
  it("grows with the kills and with how often they come", () => {
    assert.equal(mostKilledTwice(720, { killEveryMs: 5000, workers: 4 }), 3);
    assert.equal(mostKilledTwice(36, { killEveryMs: 5000, workers: 4 }), 2);
    assert.equal(mostKilledTwice(2000, { killEveryMs: 100, workers: 4 }), 201);
    assert.equal(mostKilledTwice(0, { killEveryMs: 5000, workers: 4 }), 1);
  });
});
