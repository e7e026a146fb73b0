import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { afterDeath } from "./death.ts";
import { DispatchedRequest } from "./request.ts";

class Request extends DispatchedRequest {
  readonly route = 1;
  readonly isSafe: boolean;
  readonly frameBytes = 100;

  constructor(isSafe: boolean) {
    super();
    this.isSafe = isSafe;
  }
}

const EXIT = { cause: "exit", stuck: undefined } as const;

function safe(
  facts: Partial<Pick<Request, "answerStarted" | "clientGone" | "runs">> = {},
): Request {
  return Object.assign(new Request(true), facts);
}

describe("afterDeath", () => {
  it("gives what never started to another worker, whatever its method and the cause", () => {
    for (const cause of ["exit", "timeout", "memory"] as const) {
      for (const fate of ["not-started", "withdrawn"] as const) {
        const suspicion = { cause, stuck: undefined };
        assert.equal(afterDeath(new Request(false), fate, suspicion), "again");
      }
    }
  });

  it("repeats nothing for a client that has gone", () => {
    assert.equal(afterDeath(safe({ clientGone: true }), "not-started", EXIT), "client-gone");
    assert.equal(afterDeath(safe({ clientGone: true }), "started", EXIT), "client-gone");
  });

  it("repeats a safe request of which nothing was answered", () => {
    assert.equal(afterDeath(safe(), "started", EXIT), "again");
  });

  it("does not repeat an unsafe one", () => {
    assert.equal(afterDeath(new Request(false), "started", EXIT), "worker-died");
  });

  it("does not repeat one whose answer has begun", () => {
    assert.equal(afterDeath(safe({ answerStarted: true }), "started", EXIT), "worker-died");
  });

  it("does not repeat it twice", () => {
    assert.equal(afterDeath(safe({ runs: 1 }), "started", EXIT), "worker-died");
  });

  it("does not repeat what timed out or ran into the memory limit", () => {
    const stuck = { cause: "timeout", stuck: "request-timeout" } as const;
    assert.equal(afterDeath(safe(), "started", stuck), "request-timeout");
    const total = { cause: "timeout", stuck: "request-total-timeout" } as const;
    assert.equal(afterDeath(safe(), "started", total), "request-total-timeout");
    const memory = { cause: "memory", stuck: undefined } as const;
    assert.equal(afterDeath(safe(), "started", memory), "memory-limit");
  });

  it("repeats what ran in another thread than the one that timed out", () => {
    assert.equal(afterDeath(safe(), "started", { cause: "timeout", stuck: undefined }), "again");
  });
});
