import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passedSockets } from "./listen-descriptors.ts";

describe("passedSockets", () => {
  it("are none without the variables", () => {
    assert.deepEqual(passedSockets({}, 7), []);
    assert.deepEqual(passedSockets({ LISTEN_PID: "7" }, 7), []);
    assert.deepEqual(passedSockets({ LISTEN_FDS: "1" }, 7), []);
  });

  it("are none when another process is meant", () => {
    assert.deepEqual(passedSockets({ LISTEN_PID: "8", LISTEN_FDS: "1" }, 7), []);
    assert.deepEqual(passedSockets({ LISTEN_PID: "8", LISTEN_FDS: "many" }, 7), []);
  });

  it("start at descriptor 3", () => {
    assert.deepEqual(passedSockets({ LISTEN_PID: "7", LISTEN_FDS: "2" }, 7), [
      { kind: "fd", fd: 3 },
      { kind: "fd", fd: 4 },
    ]);
    assert.deepEqual(passedSockets({ LISTEN_PID: "7", LISTEN_FDS: "0" }, 7), []);
  });

  it("have the names that were given to them", () => {
    const environment = { LISTEN_PID: "7", LISTEN_FDS: "3", LISTEN_FDNAMES: "web::" };
    assert.deepEqual(passedSockets(environment, 7), [
      { kind: "fd", fd: 3, name: "web" },
      { kind: "fd", fd: 4 },
      { kind: "fd", fd: 5 },
    ]);
  });

  for (const count of ["", "-1", "many", "1025", "1e3"]) {
    it(`refuses LISTEN_FDS=${count}`, () => {
      assert.throws(() => passedSockets({ LISTEN_PID: "7", LISTEN_FDS: count }, 7), {
        code: "bad-listen-descriptors",
        exitCode: 2,
      });
    });
  }
});
