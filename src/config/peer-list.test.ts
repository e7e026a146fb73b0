import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BadValue } from "./kinds.ts";
import { isNobody, type PeerList, peerList } from "./peer-list.ts";

const NOBODY: PeerList = { everybody: false, unix: false, networks: [] };

const TAKEN: readonly (readonly [string, PeerList])[] = [
  ["none", NOBODY],
  ["*", { ...NOBODY, everybody: true }],
  ["unix", { ...NOBODY, unix: true }],
  ["192.0.2.1", { ...NOBODY, networks: [{ address: "192.0.2.1", prefix: 32 }] }],
  ["10.0.0.0/8", { ...NOBODY, networks: [{ address: "10.0.0.0", prefix: 8 }] }],
  ["::1", { ...NOBODY, networks: [{ address: "::1", prefix: 128 }] }],
  [
    "*,unix,10.0.0.0/8,2001:db8::/32",
    {
      everybody: true,
      unix: true,
      networks: [
        { address: "10.0.0.0", prefix: 8 },
        { address: "2001:db8::", prefix: 32 },
      ],
    },
  ],
];

describe("peerList", () => {
  for (const [text, value] of TAKEN) {
    it(`reads ${text} and shows it again`, () => {
      assert.deepEqual(peerList.parse(text), value);
      assert.equal(peerList.describe(value), text);
    });
  }

  it("joins what is given several times, and takes spaces behind commas", () => {
    const joined = peerList.combine?.([peerList.parse("unix"), peerList.parse("::1, 127.0.0.1")]);
    assert.deepEqual(joined, peerList.parse("unix,::1,127.0.0.1"));
  });

  it("knows nobody", () => {
    assert.equal(isNobody(NOBODY), true);
    for (const text of ["*", "unix", "::1"]) assert.equal(isNobody(peerList.parse(text)), false);
  });

  for (const [text, reason] of [
    ["", "an empty entry"],
    ["unix,", "an empty entry"],
    ["localhost", "localhost is no address"],
    ["fe80::1%eth0", "fe80::1%eth0 is no address"],
    ["10.0.0.0/33", "10.0.0.0/33 is no network"],
    ["10.0.0.0/", "10.0.0.0/ is no network"],
    ["10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0 is no network"],
    ["2001:db8::/129", "2001:db8::/129 is no network"],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => peerList.parse(text),
        (error) => error instanceof BadValue && error.message === reason && error.hint !== "",
      );
    });
  }
});
