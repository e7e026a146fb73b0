import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { remoteAddressOf } from "./connection-origin.ts";

function of(remoteAddress: string): string {
  return remoteAddressOf({ remoteAddress, remotePort: 4711 }).remoteAddress;
}

describe("remoteAddressOf", () => {
  it("is the client's address as applications and logs know it", () => {
    assert.equal(of("192.0.2.1"), "192.0.2.1");
    assert.equal(of("2001:db8::1"), "2001:db8::1");
    assert.equal(of("::ffff:192.0.2.1"), "192.0.2.1");
    assert.equal(of("::ffff:0:1"), "::ffff:0:1");
  });

  it("has no zone: that is this machine's own name for a network", () => {
    const remote = remoteAddressOf({ remoteAddress: "fe80::1%eth0", remotePort: 4711 });
    assert.deepEqual(remote, { remoteAddress: "fe80::1", remotePort: "4711" });
  });

  it("is empty for a Unix socket", () => {
    const remote = remoteAddressOf({ remoteAddress: undefined, remotePort: undefined });
    assert.deepEqual(remote, { remoteAddress: "", remotePort: "" });
  });
});
