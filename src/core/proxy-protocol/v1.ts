// Version 1 of the PROXY protocol: one line of ASCII, `PROXY TCP4 192.0.2.1 192.0.2.9 56324 443\r\n`.

import { isAuthority } from "../http1/authority.ts";
import { withoutMapping } from "../mapped-address.ts";
import { latin1Of } from "../http/request-head.ts";
import type { Decoded } from "./header.ts";

export const V1_START = bytesOf("PROXY ");

/** With its CRLF, by the specification: the longest UNKNOWN with two full IPv6 addresses. */
const MAX_BYTES = 107;
const CR = 0x0d;
const LF = 0x0a;
const MALFORMED: Decoded = { kind: "malformed" };

export function decodeV1(bytes: Uint8Array): Decoded {
  const end = bytes.subarray(0, MAX_BYTES).indexOf(LF);
  if (end < 0) return bytes.length < MAX_BYTES ? { kind: "incomplete" } : MALFORMED;
  if (bytes[end - 1] !== CR) return MALFORMED;
  const line = latin1Of(bytes, V1_START.length, end - 1);
  const length = end + 1;
  // Whatever stands behind UNKNOWN has to be ignored.
  if (line === "UNKNOWN" || line.startsWith("UNKNOWN ")) {
    return { kind: "header", header: { source: undefined }, length };
  }
  const [protocol, address = "", destination = "", port = "", destinationPort = "", ...more] =
    line.split(" ");
  const isKnown = protocol === "TCP4" || protocol === "TCP6";
  if (!isKnown || more.length > 0 || !isPort(port) || !isPort(destinationPort)) return MALFORMED;
  const isAddress = protocol === "TCP4" ? isIpv4 : isIpv6;
  if (!isAddress(address) || !isAddress(destination)) return MALFORMED;
  const source = { address: withoutMapping(address), port };
  return { kind: "header", header: { source }, length };
}

/** Decimal, without leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`);

function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

function isIpv6(text: string): boolean {
  const literal = bytesOf(`[${text}]`);
  const isFuture = /^v/i.test(text); // RFC 3986 has such literals too.
  return text.includes(":") && !isFuture && isAuthority(literal, 0, literal.length);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
