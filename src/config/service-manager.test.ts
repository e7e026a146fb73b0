import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serviceManagerOf } from "./service-manager.ts";

describe("serviceManagerOf", () => {
  it("is nobody without an address that can be written to", () => {
    for (const address of [undefined, "", "/", "@", "notify", "vsock:2:1234"]) {
      assert.equal(serviceManagerOf({ NOTIFY_SOCKET: address }, 7), undefined);
    }
  });

  it("has an address, in the file system or abstract", () => {
    for (const address of ["/run/systemd/notify", "@notify"]) {
      const place = serviceManagerOf({ NOTIFY_SOCKET: address }, 7);
      assert.deepEqual(place, { address, watchdogMs: 0 });
    }
  });

  it("wants signs of life of the process that it names, or of any", () => {
    const environment = { NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "30000000" };
    const watchdogOf = (more: object): number | undefined =>
      serviceManagerOf({ ...environment, ...more }, 7)?.watchdogMs;
    assert.equal(watchdogOf({}), 30_000);
    assert.equal(watchdogOf({ WATCHDOG_PID: "7" }), 30_000);
    assert.equal(watchdogOf({ WATCHDOG_PID: "8" }), 0);
    assert.equal(watchdogOf({ WATCHDOG_USEC: "soon" }), 0);
    assert.equal(watchdogOf({ WATCHDOG_USEC: "-1" }), 0);
  });
});
