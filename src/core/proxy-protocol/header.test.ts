import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32c } from "./crc32c.ts";
import { decodeProxyHeader, ProxyHeaderReader } from "./header.ts";

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

interface V2 {
  readonly versionAndCommand?: number;
  readonly family: number;
  readonly body: Uint8Array;
  /** What the length field says, if not the truth. */
  readonly length?: number;
}

function v2({ versionAndCommand = 0x21, family, body, length = body.length }: V2): Buffer {
  const fixed = Buffer.from([versionAndCommand, family, length >> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, body]);
}

function tlv(type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);
}

const IPV4 = Buffer.from("c0000201c00002090dcd01bb", "hex");
const IPV6 = Buffer.from(`20010db8${"00".repeat(11)}01${"00".repeat(15)}010dcd01bb`, "hex");
const UNIX = Buffer.alloc(216, "/run/x.sock\0");

function withChecksum(crc?: number): Buffer {
  const blank = v2({ family: 0x11, body: Buffer.concat([IPV4, tlv(3, Buffer.alloc(4))]) });
  blank.writeUInt32BE(crc ?? crc32c(blank), blank.length - 4);
  return blank;
}

const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, "latin1");

const HEADERS: readonly (readonly [string, Buffer, string | undefined])[] = [
  ["v1 TCP4", line("PROXY TCP4 192.0.2.1 192.0.2.9 3533 443"), "192.0.2.1 3533"],
  ["v1 TCP6", line("PROXY TCP6 2001:db8::1 ::1 3533 443"), "2001:db8::1 3533"],
  [
    "v1 mapped IPv4",
    line("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.9 3533 443"),
    "192.0.2.1 3533",
  ],
  [
    "v1 IPv6 that ends like IPv4",
    line("PROXY TCP6 ::fffe:192.0.2.1 ::1 1 443"),
    "::fffe:192.0.2.1 1",
  ],
  ["v1 port 0", line("PROXY TCP4 255.255.255.255 0.0.0.0 0 65535"), "255.255.255.255 0"],
  ["v1 UNKNOWN", line("PROXY UNKNOWN"), undefined],
  ["v1 UNKNOWN with more", line("PROXY UNKNOWN what ever\x01"), undefined],
  ["v1 of 107 bytes", line(`PROXY UNKNOWN ${"f".repeat(91)}`), undefined],
  ["v2 IPv4", v2({ family: 0x11, body: IPV4 }), "192.0.2.1 3533"],
  ["v2 IPv6", v2({ family: 0x21, body: IPV6 }), "2001:db8::1 3533"],
  [
    "v2 mapped IPv4",
    v2({
      family: 0x21,
      body: Buffer.from(`${"00".repeat(10)}ffffc0000201${"00".repeat(16)}0dcd01bb`, "hex"),
    }),
    "192.0.2.1 3533",
  ],
  ["v2 AF_UNIX", v2({ family: 0x31, body: UNIX }), undefined],
  ["v2 UNSPEC", v2({ family: 0x00, body: Buffer.alloc(0) }), undefined],
  ["v2 UNSPEC with bytes", v2({ family: 0x00, body: tlv(4, Buffer.alloc(9)) }), undefined],
  ["v2 IPv4 without transport", v2({ family: 0x10, body: IPV4 }), undefined],
  ["v2 LOCAL", v2({ versionAndCommand: 0x20, family: 0x00, body: Buffer.alloc(0) }), undefined],
  [
    "v2 LOCAL without the addresses of its family",
    v2({ versionAndCommand: 0x20, family: 0x11, body: Buffer.alloc(0) }),
    undefined,
  ],
  [
    "v2 LOCAL with what is no TLV",
    v2({ versionAndCommand: 0x20, family: 0x40, body: Buffer.from("aabb", "hex") }),
    undefined,
  ],
  ["v2 LOCAL with addresses", v2({ versionAndCommand: 0x20, family: 0x11, body: IPV4 }), undefined],
  [
    "v2 LOCAL of a family to come",
    v2({ versionAndCommand: 0x20, family: 0x41, body: Buffer.alloc(0) }),
    undefined,
  ],
  [
    "v2 with TLVs",
    v2({
      family: 0x11,
      body: Buffer.concat([IPV4, tlv(2, Buffer.from("a.example")), tlv(0xee, Buffer.alloc(0))]),
    }),
    "192.0.2.1 3533",
  ],
  ["v2 with its checksum", withChecksum(), "192.0.2.1 3533"],
  [
    "v2 of the longest length",
    v2({ family: 0x11, body: Buffer.concat([IPV4, tlv(4, Buffer.alloc(4081))]) }),
    "192.0.2.1 3533",
  ],
];

const MALFORMED: readonly (readonly [string, Buffer])[] = [
  ["v1 with LF alone", Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.9 3533 443\n")],
  ["v1 of 108 bytes", line(`PROXY UNKNOWN ${"f".repeat(92)}`)],
  ["v1 without an end", Buffer.from(`PROXY TCP4 ${"1".repeat(200)}`)],
  ["v1 of another family", line("PROXY UDP4 192.0.2.1 192.0.2.9 3533 443")],
  ["v1 lower case", line("PROXY tcp4 192.0.2.1 192.0.2.9 3533 443")],
  ["v1 UNKNOWNS", line("PROXY UNKNOWNS")],
  ["v1 with IPv6 in TCP4", line("PROXY TCP4 ::1 ::1 3533 443")],
  ["v1 with no address that is known today", line("PROXY TCP6 v1.a:b ::1 3533 443")],
  ["v1 with IPv4 in TCP6", line("PROXY TCP6 192.0.2.1 192.0.2.9 3533 443")],
  ["v1 with octet 256", line("PROXY TCP4 192.0.2.256 192.0.2.9 3533 443")],
  ["v1 with a leading zero", line("PROXY TCP4 192.0.2.01 192.0.2.9 3533 443")],
  ["v1 with a dot behind", line("PROXY TCP4 192.0.2.1. 192.0.2.9 3533 443")],
  ["v1 with three octets", line("PROXY TCP4 192.0.2 192.0.2.9 3533 443")],
  ["v1 with a port too large", line("PROXY TCP4 192.0.2.1 192.0.2.9 65536 443")],
  ["v1 with a port that is none", line("PROXY TCP4 192.0.2.1 192.0.2.9 x 443")],
  ["v1 with port 080", line("PROXY TCP4 192.0.2.1 192.0.2.9 080 443")],
  ["v1 with two spaces", line("PROXY TCP4  192.0.2.1 192.0.2.9 3533 443")],
  ["v1 with too few parts", line("PROXY TCP4 192.0.2.1 192.0.2.9 3533")],
  ["v1 with too many parts", line("PROXY TCP4 192.0.2.1 192.0.2.9 3533 443 5")],
  ["v1 empty", line("PROXY ")],
  ["v2 of version 1", v2({ versionAndCommand: 0x11, family: 0x11, body: IPV4 })],
  ["v2 of version 3", v2({ versionAndCommand: 0x31, family: 0x11, body: IPV4 })],
  ["v2 with another command", v2({ versionAndCommand: 0x22, family: 0x11, body: IPV4 })],
  ["v2 with another family", v2({ family: 0x41, body: IPV4 })],
  ["v2 over UDP", v2({ family: 0x12, body: IPV4 })],
  ["v2 IPv4 too short", v2({ family: 0x11, body: IPV4.subarray(0, 11) })],
  ["v2 IPv6 too short", v2({ family: 0x21, body: IPV4 })],
  ["v2 AF_UNIX too short", v2({ family: 0x31, body: UNIX.subarray(0, 215) })],
  ["v2 too long", v2({ family: 0x11, body: IPV4, length: 4097 })],
  ["v2 with half a TLV", v2({ family: 0x11, body: Buffer.concat([IPV4, Buffer.from([4, 0])]) })],
  [
    "v2 with a TLV beyond the end",
    v2({ family: 0x11, body: Buffer.concat([IPV4, Buffer.from([4, 0, 9, 1])]) }),
  ],
  ["v2 with a wrong checksum", withChecksum(0)],
  [
    "v2 with a checksum of 3 bytes",
    v2({ family: 0x11, body: Buffer.concat([IPV4, tlv(3, Buffer.alloc(3))]) }),
  ],
];

const MISSING = ["GET / HTTP/1.1\r\n", "PROXX", "P ", "\r\n\r\nGET", "\0", "\x16\x03\x01"];

const HTTP = Buffer.from("GET / HTTP/1.1\r\n\r\n");

/** What a reader finds when the bytes come in these pieces; the rest is put together again. */
function readIn(pieces: readonly Uint8Array[]): string {
  const reader = new ProxyHeaderReader();
  for (const [index, piece] of pieces.entries()) {
    // As a connection does: its buffer is overwritten by the next read.
    const shared = Buffer.from(piece);
    const read = reader.push(shared);
    if (read === undefined) {
      shared.fill(0xff);
      continue;
    }
    if (read.kind !== "header") return read.kind;
    const { source } = read.header;
    const rest = Buffer.concat([read.rest, ...pieces.slice(index + 1)]);
    assert.deepEqual(rest, HTTP);
    return source === undefined ? "nobody" : `${source.address} ${source.port}`;
  }
  return "incomplete";
}

const bytewise = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.from([byte]));

describe("the PROXY header", () => {
  for (const [name, bytes, source] of HEADERS) {
    it(`${name} names ${source ?? "nobody"}, whole, byte by byte and in two pieces`, () => {
      const all = Buffer.concat([bytes, HTTP]);
      const expected = source ?? "nobody";
      assert.equal(readIn([all]), expected);
      assert.equal(readIn(bytewise(all)), expected);
      for (let cut = 1; cut < Math.min(all.length, 300); cut++) {
        assert.equal(readIn([all.subarray(0, cut), all.subarray(cut)]), expected);
      }
      const decoded = decodeProxyHeader(all);
      assert.ok(decoded.kind === "header");
      assert.equal(decoded.length, bytes.length);
    });

    it(`${name} is incomplete up to its last byte`, () => {
      for (let end = 0; end < bytes.length; end++) {
        assert.equal(decodeProxyHeader(bytes.subarray(0, end)).kind, "incomplete");
      }
    });
  }

  for (const [name, bytes] of MALFORMED) {
    it(`${name} is malformed, whole and byte by byte`, () => {
      const all = Buffer.concat([bytes, Buffer.alloc(16)]);
      assert.equal(readIn([all]), "malformed");
      assert.equal(readIn(bytewise(all)), "malformed");
    });
  }

  for (const text of MISSING) {
    it(`is missing in front of ${JSON.stringify(text)}`, () => {
      assert.equal(readIn([Buffer.from(text, "latin1")]), "missing");
      assert.equal(readIn(bytewise(Buffer.from(text, "latin1"))), "missing");
    });
  }

  for (const [hex, text] of [
    ["00000000000000000000000000000001", "::1"],
    ["00000000000000000000000000000000", "::"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["20010db8000100010001000100010000", "2001:db8:1:1:1:1:1:0"],
    ["fe800000000000000000000000000000", "fe80::"],
  ] as const) {
    it(`shows ${hex} as ${text}`, () => {
      const body = Buffer.concat([Buffer.from(hex, "hex"), Buffer.alloc(20)]);
      assert.equal(readIn([Buffer.concat([v2({ family: 0x21, body }), HTTP])]), `${text} 0`);
    });
  }
});

describe("crc32c", () => {
  it("is that of RFC 3720", () => {
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  });
});
