// The reader of PROXY headers under bytes that are nearly headers: it never throws, and tells the same however they are cut.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { cutAt } from "../support/frame-events.ts";
import { outcomeOf } from "../support/proxy-header-outcome.ts";
import { cuts, mutated } from "./mutation.ts";
import type { FuzzTarget } from "./target.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const VECTORS = [
  ...[
    "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
    "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n",
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
  ].map((text) => Buffer.from(text, "latin1")),
  ...[
    `${SIGNATURE}2111000cc0000201c6336401dc0401bb`,
    `${SIGNATURE}20000000`,
    `${SIGNATURE}21210024${"20010db8".padEnd(32, "0")}${"20010db8".padEnd(32, "1")}dc0401bb`,
    `${SIGNATURE}21110017c0000201c6336401dc0401bb0300040badcafe04000101`,
    `${SIGNATURE}213100d8${"61".repeat(216)}`,
  ].map((hex) => Buffer.from(hex, "hex")),
];

export function proxyProtocolTarget(): FuzzTarget {
  const property = fc.property(mutated(VECTORS), cuts, (bytes, offsets) => {
    assert.equal(outcomeOf(cutAt(bytes, offsets)), outcomeOf([bytes]));
  });
  return { name: "proxy-protocol", property };
}
