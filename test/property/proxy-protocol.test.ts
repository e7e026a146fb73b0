// The reader of PROXY headers: any split of the bytes gives the same, and no bytes whatever break it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { outcomeOf } from "../support/proxy-header-outcome.ts";

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/** Near enough to the truth that most of the code is reached. */
const anyV2 = fc
  .record({
    command: fc.constantFrom(0x20, 0x21, 0x22, 0x31),
    family: fc.constantFrom(0x00, 0x11, 0x21, 0x31, 0x12, 0x41),
    body: fc.uint8Array({ maxLength: 300 }),
    excess: fc.constantFrom(0, 0, 0, 1, -1, 5000),
  })
  .map(({ command, family, body, excess }) => {
    const length = Math.max(0, body.length + excess);
    return Buffer.concat([
      SIGNATURE,
      Buffer.from([command, family, length >> 8, length & 0xff]),
      body,
    ]);
  });

const anyV1 = fc
  .record({
    protocol: fc.constantFrom("TCP4", "TCP6", "UNKNOWN", "UDP4", ""),
    source: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 40 })),
    destination: fc.oneof(fc.ipV4(), fc.ipV6()),
    port: fc.oneof(fc.integer({ min: 0, max: 70_000 }).map(String), fc.string({ maxLength: 6 })),
    end: fc.constantFrom("\r\n", "\n", "\r", ""),
  })
  .map(({ protocol, source, destination, port, end }) =>
    Buffer.from(`PROXY ${protocol} ${source} ${destination} ${port} 443${end}`, "latin1"),
  );

const anyBytes = fc.oneof(
  anyV1,
  anyV2,
  fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
);

describe("ProxyHeaderReader", () => {
  it("finds the same however the bytes are split", () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.uint8Array({ maxLength: 40 }),
        fc.array(fc.nat(600)),
        (header, body, cuts) => {
          const all = Buffer.concat([header, body]);
          const places = [...new Set(cuts.map((cut) => cut % (all.length + 1)))].toSorted(
            (a, b) => a - b,
          );
          const pieces = [0, ...places].map((from, index) =>
            all.subarray(from, places[index] ?? all.length),
          );
          assert.equal(outcomeOf(pieces), outcomeOf([all]));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
