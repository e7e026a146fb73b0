import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, it } from "node:test";
import { parseNode } from "./node.ts";

const isAddress = (text: string): boolean => isIP(text) !== 0;

const TAKEN: readonly (readonly [string, string, string])[] = [
  ["192.0.2.1", "192.0.2.1", ""],
  ["192.0.2.1:8080", "192.0.2.1", "8080"],
  ["192.0.2.1:_port", "192.0.2.1", ""],
  ["2001:db8::1", "2001:db8::1", ""],
  ["[2001:db8::1]", "2001:db8::1", ""],
  ["[2001:db8::1]:443", "2001:db8::1", "443"],
  ["::ffff:192.0.2.1", "192.0.2.1", ""],
  ["[::FFFF:192.0.2.1]:80", "192.0.2.1", "80"],
  ["::ffff:c000:201", "::ffff:c000:201", ""],
  ["unknown", "", ""],
  ["Unknown", "", ""],
  ["unknown:80", "", "80"],
  ["_hidden", "", ""],
];

describe("parseNode", () => {
  for (const [text, address, port] of TAKEN) {
    it(`reads ${text}`, () => {
      const node = parseNode(text, isAddress);
      assert.ok(node !== undefined);
      assert.equal(node.address, address);
      assert.equal(node.isUnix, false);
      if (address !== "") assert.equal(node.port, port);
    });
  }

  it("knows a hop over a Unix socket", () => {
    assert.deepEqual(parseNode("unix:", isAddress), { address: "", port: "", isUnix: true });
  });

  for (const text of [
    "",
    "example.com",
    "192.0.2.256",
    "192.0.2.1:",
    "192.0.2.1:65536",
    "192.0.2.1:http",
    ":80",
    "[192.0.2.1",
    "[2001:db8::1]80",
    "[example]:80",
    "192.0.2.1 ",
    "unix:/run/x",
    "_",
    "<script>",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseNode(text, isAddress), undefined);
    });
  }
});
