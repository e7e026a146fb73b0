// Version 2 of the PROXY protocol: binary.
//
//    0..11  signature           12  version 2, command        13  family, transport       14..15  length of what follows
//    then the addresses of the family, then TLVs (type 1 byte, length 2 bytes, value), all numbers big-endian

import { crc32c } from "./crc32c.ts";
import type { Decoded, ProxyHeader } from "./header.ts";

// prettier-ignore
export const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

const HEAD_BYTES = 16;
/** Addresses and TLVs (names, certificates' subjects) of real proxies take some hundred bytes; the field could say 64 KiB. */
const MAX_LENGTH = 4096;

const VERSION = 2;
const COMMAND = { local: 0, proxy: 1 } as const;
const FAMILY = { unspecified: 0, ipv4: 1, ipv6: 2, unix: 3 } as const;
const TRANSPORT = { unspecified: 0, stream: 1 } as const;
/** Source and destination address, source and destination port. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  [FAMILY.unspecified]: 0,
  [FAMILY.ipv4]: 12,
  [FAMILY.ipv6]: 36,
  [FAMILY.unix]: 216,
};
const TLV_HEAD_BYTES = 3;
const TLV_CRC32C = 0x03;
const CRC_BYTES = 4;

const MALFORMED: Decoded = { kind: "malformed" };

export function decodeV2(bytes: Uint8Array): Decoded {
  if (bytes.length < HEAD_BYTES) return isGoodSoFar(bytes) ? { kind: "incomplete" } : MALFORMED;
  const length = readUint16(bytes, 14);
  if (!isGoodSoFar(bytes) || length > MAX_LENGTH) return MALFORMED;
  const end = HEAD_BYTES + length;
  if (bytes.length < end) return { kind: "incomplete" };
  if (((bytes[12] ?? 0) & 0x0f) === COMMAND.local) {
    return { kind: "header", header: { source: undefined }, length: end }; // Whatever is in it.
  }
  const header = bytes.subarray(0, end);
  const family = (bytes[13] ?? 0) >> 4;
  const addressBytes = ADDRESS_BYTES[family] ?? 0;
  if (addressBytes > length || !areGoodTlvs(header, HEAD_BYTES + addressBytes)) return MALFORMED;
  return { kind: "header", header: { source: sourceOf(header, family) }, length: end };
}

/** Version, command, family and transport, as far as they are here. */
function isGoodSoFar(bytes: Uint8Array): boolean {
  const version = bytes[12];
  if (version === undefined) return true;
  const command = version & 0x0f;
  if (version >> 4 !== VERSION || command > COMMAND.proxy) return false;
  const protocol = bytes[13];
  // LOCAL: "must ignore the information", so a family of later times is none of our business.
  if (protocol === undefined || command === COMMAND.local) return true;
  return protocol >> 4 in ADDRESS_BYTES && (protocol & 0x0f) <= TRANSPORT.stream;
}

function sourceOf(header: Uint8Array, family: number): ProxyHeader["source"] {
  if (((header[13] ?? 0) & 0x0f) !== TRANSPORT.stream) return undefined;
  if (family === FAMILY.ipv4) {
    const address = ipv4Text(header.subarray(HEAD_BYTES, HEAD_BYTES + 4));
    return { address, port: String(readUint16(header, HEAD_BYTES + 8)) };
  }
  if (family === FAMILY.ipv6) {
    const address = ipv6Text(header.subarray(HEAD_BYTES, HEAD_BYTES + 16));
    return { address, port: String(readUint16(header, HEAD_BYTES + 32)) };
  }
  return undefined;
}

/** Skipped one by one up to the end; a checksum, if there is one, has to be right. */
function areGoodTlvs(header: Uint8Array, start: number): boolean {
  let at = start;
  while (at < header.length) {
    const valueAt = at + TLV_HEAD_BYTES;
    if (valueAt > header.length) return false;
    const end = valueAt + readUint16(header, at + 1);
    if (end > header.length) return false;
    if (header[at] === TLV_CRC32C && !isGoodChecksum(header, valueAt, end)) return false;
    at = end;
  }
  return true;
}

/** Over the whole header, with zeros in place of the checksum itself. */
function isGoodChecksum(header: Uint8Array, start: number, end: number): boolean {
  if (end - start !== CRC_BYTES) return false;
  const blank = Uint8Array.from(header).fill(0, start, end);
  const told = ((readUint16(header, start) << 16) | readUint16(header, start + 2)) >>> 0;
  return crc32c(blank) === told;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function ipv4Text(bytes: Uint8Array): string {
  return [...bytes].join(".");
}

/** As RFC 5952 wants it: lower case, no leading zeros, the longest run of zeros shortened; a mapped IPv4 address as such. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => readUint16(bytes, 2 * index));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return ipv4Text(bytes.subarray(12));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groupsText(groups);
  const before = groupsText(groups.slice(0, zeros.start));
  return `${before}::${groupsText(groups.slice(zeros.start + zeros.length))}`;
}

function groupsText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > longest.length) longest = { start, length: end - start };
  }
  return longest;
}
