import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { peerList } from "../../config/peer-list.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

function proxies(text: string): TrustedProxies {
  const made = TrustedProxies.from(peerList.parse(text), ["x-forwarded-for"]);
  assert.ok(made !== undefined);
  return made;
}

describe("TrustedProxies", () => {
  it("are not there when nobody is trusted", () => {
    assert.equal(TrustedProxies.from(peerList.parse("none"), []), undefined);
  });

  it("are addresses and networks of both families", () => {
    const some = proxies("192.0.2.1,10.0.0.0/8,2001:db8::/32,::1");
    for (const address of ["192.0.2.1", "10.255.255.255", "2001:db8:1::2", "::1", "::1%lo"]) {
      assert.equal(some.isPeer(address), true, address);
      assert.equal(some.isProxy(address), true, address);
    }
    for (const address of ["192.0.2.2", "11.0.0.0", "2001:db9::", "::2", "", "fe80::1%eth0"]) {
      assert.equal(some.isPeer(address), false, address);
      assert.equal(some.isProxy(address), false, address);
    }
  });

  it("are peers on Unix sockets when unix is named", () => {
    assert.equal(proxies("unix").isPeer(""), true);
    assert.equal(proxies("unix").isProxy(""), true);
    assert.equal(proxies("unix").isPeer("127.0.0.1"), false);
  });

  it("with * are whoever connects, but no hop behind it that is not named", () => {
    const all = proxies("*,10.0.0.0/8");
    for (const address of ["", "192.0.2.1", "::1"]) {
      assert.equal(all.isPeer(address), true);
      assert.equal(all.isProxy(address), false);
    }
    assert.equal(all.isProxy("10.1.2.3"), true);
  });

  it("know addresses from other texts", () => {
    const some = proxies("unix");
    for (const text of ["1.2.3.4", "::1"]) assert.equal(some.isAddress(text), true);
    for (const text of ["", "unknown", "1.2.3", "1.2.3.4:5"]) {
      assert.equal(some.isAddress(text), false);
    }
  });
});
