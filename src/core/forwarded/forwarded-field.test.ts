import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ForwardedElement, parseForwarded } from "./forwarded-field.ts";

function element(values: Partial<ForwardedElement>): ForwardedElement {
  return { for: undefined, proto: undefined, host: undefined, ...values };
}

/** Most of them are the examples of RFC 7239. */
const TAKEN: readonly (readonly [string, readonly ForwardedElement[]])[] = [
  ["", []],
  ["for=192.0.2.43", [element({ for: "192.0.2.43" })]],
  ['for="_gazonk"', [element({ for: "_gazonk" })]],
  ['For="[2001:db8:cafe::17]:4711"', [element({ for: "[2001:db8:cafe::17]:4711" })]],
  ["for=192.0.2.60;proto=http;by=203.0.113.43", [element({ for: "192.0.2.60", proto: "http" })]],
  [
    "for=192.0.2.43, for=198.51.100.17",
    [element({ for: "192.0.2.43" }), element({ for: "198.51.100.17" })],
  ],
  [
    "for=192.0.2.43,for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com",
    [
      element({ for: "192.0.2.43" }),
      element({ for: "198.51.100.17", proto: "http", host: "example.com" }),
    ],
  ],
  ['host="example.com:8080"', [element({ host: "example.com:8080" })]],
  ['for="a\\"b\\\\c"', [element({ for: 'a"b\\c' })]],
  ['for="a,b;c=d"', [element({ for: "a,b;c=d" })]],
  [" , for=1.2.3.4 ,, \t", [element({ for: "1.2.3.4" })]],
  ["for=1.2.3.4;", [element({ for: "1.2.3.4" })]],
  ["secret=x", [element({})]],
];

const REFUSED = [
  "for",
  "for=",
  "=1.2.3.4",
  "for =1.2.3.4",
  "for= 1.2.3.4",
  "for=1.2.3.4 proto=http",
  "for=[::1]",
  "for=1.2.3.4:80",
  'for="1.2.3.4',
  'for=1.2.3.4"',
  'for="a\\',
  'for="a"b',
  "for=1.2.3.4;for=5.6.7.8",
  "for=1.2.3.4;FOR=5.6.7.8",
  "for=a\x01b",
  'for="a\x01b"',
  // An open quote that would swallow what the proxy adds.
  'for=6.6.6.6;x=", for=192.0.2.1',
  'for=6.6.6.6;x=", for="[2001:db8::1]"',
  'for=6.6.6.6;x=", for=192.0.2.1;by="_x"',
];

describe("parseForwarded", () => {
  for (const [text, elements] of TAKEN) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseForwarded(text), elements);
    });
  }

  for (const text of REFUSED) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseForwarded(text), undefined);
    });
  }
});
