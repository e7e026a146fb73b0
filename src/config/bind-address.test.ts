import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BindAddress, bindAddress, describeBindAddress } from "./bind-address.ts";
import { BadValue } from "./kinds.ts";

const TAKEN: readonly (readonly [string, BindAddress])[] = [
  ["127.0.0.1:8888", { kind: "tcp", host: "127.0.0.1", port: 8888 }],
  ["localhost:0", { kind: "tcp", host: "localhost", port: 0 }],
  ["my_host-1.example.com:65535", { kind: "tcp", host: "my_host-1.example.com", port: 65_535 }],
  ["[::1]:80", { kind: "tcp", host: "::1", port: 80 }],
  ["[::]:80", { kind: "tcp", host: "::", port: 80 }],
  ["[fe80::1%eth0]:80", { kind: "tcp", host: "fe80::1%eth0", port: 80 }],
  ["unix:/run/a b.sock", { kind: "unix", path: "/run/a b.sock" }],
  ["unix:app.sock", { kind: "unix", path: "app.sock" }],
  ["fd:3", { kind: "fd", fd: 3 }],
  ["fd:1024", { kind: "fd", fd: 1024 }],
];

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["8888", "no port", "did you mean 127.0.0.1:8888?"],
  ["localhost", "no port", "did you mean localhost:8888?"],
  ["/run/app.sock", "no port", "did you mean unix:/run/app.sock?"],
  ["", "no port", "write HOST:PORT like 127.0.0.1:8888, or unix:PATH"],
  ["::1", "no port", "did you mean [::1]:8888?"],
  ["[::1]", "no port", "did you mean [::1]:8888?"],
  ["[::g]:80", "no IPv6 address in the brackets", "write it like [::1]:8888"],
  ["[127.0.0.1]:80", "no IPv6 address in the brackets", "write it like [::1]:8888"],
  [
    "2001:db8:0:0:0:0:0:1:8888",
    "an IPv6 address needs brackets",
    "did you mean [2001:db8:0:0:0:0:0:1]:8888?",
  ],
  ["127.0.0.1:", "no port", "a port is a number from 0 to 65535"],
  ["127.0.0.1:65536", "65536 is no port", "a port is a number from 0 to 65535"],
  ["127.0.0.1:http", "http is no port", "a port is a number from 0 to 65535"],
  ["127.0.0.1:-1", "-1 is no port", "a port is a number from 0 to 65535"],
  [
    "127.0.0.256:80",
    "127.0.0.256 is neither a host name nor an IP address",
    "write HOST:PORT like 127.0.0.1:8888, or unix:PATH",
  ],
  [
    "http://localhost:80",
    "http://localhost is neither a host name nor an IP address",
    "write HOST:PORT like 127.0.0.1:8888, or unix:PATH",
  ],
  [
    "-x:80",
    "-x is neither a host name nor an IP address",
    "write HOST:PORT like 127.0.0.1:8888, or unix:PATH",
  ],
  ["unix:", "no path behind unix:", "write it like unix:/run/app.sock"],
  ["unix:a\0b", "a path cannot hold NUL", "write it like unix:/run/app.sock"],
  ["fd:", "no number behind fd:", "write it like fd:3"],
  ["fd:2", "2 is not the number of a passed descriptor", "write it like fd:3"],
  ["fd:web", "web is not the number of a passed descriptor", "write it like fd:3"],
  ["fd:99999999", "99999999 is not the number of a passed descriptor", "write it like fd:3"],
  [`unix:${"ü".repeat(52)}`, "the path has 104 bytes", "a socket path may have 103"],
];

describe("bindAddress", () => {
  for (const [text, address] of TAKEN) {
    it(`reads ${text} and shows it again`, () => {
      assert.deepEqual(bindAddress.parse(text), address);
      assert.equal(describeBindAddress(address), text);
    });
  }

  it("reads a port alone as every IPv4 address", () => {
    assert.deepEqual(bindAddress.parse(":8888"), { kind: "tcp", host: "0.0.0.0", port: 8888 });
  });

  it("takes a socket path as long as the system does", () => {
    assert.equal(bindAddress.parse(`unix:${"a".repeat(103)}`).kind, "unix");
  });

  for (const [text, reason, hint] of REFUSED) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => bindAddress.parse(text), new BadValue(reason, hint));
    });
  }
});
