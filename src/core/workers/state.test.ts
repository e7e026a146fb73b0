import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextWorkerState, nextZygoteState } from "./state.ts";
import type { WorkerEvent, WorkerState, ZygoteEvent, ZygoteState } from "./state.ts";

const WORKER_STATES: WorkerState[] = [
  "starting",
  "ready",
  "retiring",
  "aborting",
  "killed",
  "gone",
];
const WORKER_EVENTS: WorkerEvent[] = ["ready", "retire", "abort", "kill", "exited"];
const ZYGOTE_STATES: ZygoteState[] = ["loading", "loaded", "stopping", "gone"];
const ZYGOTE_EVENTS: ZygoteEvent[] = ["loaded", "stop", "exited"];

/** One row per state, one column per event; `-` throws. */
function walk<State extends string, Event extends string>(
  states: State[],
  events: Event[],
  next: (state: State, event: Event) => State,
): string[] {
  return states.map((state) => {
    const row = events.map((event) => {
      try {
        return next(state, event);
      } catch (error) {
        assert.match(String(error), new RegExp(`${state} cannot take "${event}"`));
        return "-";
      }
    });
    return `${state}: ${row.join(" ")}`;
  });
}

describe("state table of a worker", () => {
  it("has these transitions and no others", () => {
    assert.deepEqual(walk(WORKER_STATES, WORKER_EVENTS, nextWorkerState), [
      "starting: ready retiring - killed gone",
      "ready: - retiring aborting killed gone",
      "retiring: - - aborting killed gone",
      "aborting: - - - killed gone",
      "killed: - - - - gone",
      "gone: - - - - -",
    ]);
  });
});

describe("state table of a zygote", () => {
  it("has these transitions and no others", () => {
    assert.deepEqual(walk(ZYGOTE_STATES, ZYGOTE_EVENTS, nextZygoteState), [
      "loading: loaded stopping gone",
      "loaded: - stopping gone",
      "stopping: stopping - gone",
      "gone: - - -",
    ]);
  });
});
