// uri-host [ ":" port ] as Host and the absolute-form carry it (RFC 9110 section 7.2, RFC 3986 sections 3.2.2 and 3.2.3).
// Knows the grammar only: whether the host is one of ours is the application's business.

import {
  COLON,
  DOT,
  HEX_DIGIT,
  IP_FUTURE,
  LEFT_BRACKET,
  PERCENT,
  REG_NAME,
  RIGHT_BRACKET,
  ZERO,
  isDigit,
} from "./grammar.ts";

const NO_HOST = -1;
const MAX_PORT = 65_535;

/**
 * Is `bytes[start, end)` a host with an optional port? An empty host is refused though reg-name may be empty: `http`
 * forbids it (RFC 9110 section 4.2.1). User information is not part of the grammar, and an empty port is (`a:`).
 */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  const hostEnd = endOfHost(bytes, start, end);
  if (hostEnd === NO_HOST) return false;
  return hostEnd === end || isPort(bytes, hostEnd, end);
}

/** The same with a port that must be there: authority-form, what CONNECT asks for (RFC 9112 section 3.2.3). */
export function isAuthorityWithPort(bytes: Uint8Array, start: number, end: number): boolean {
  const hostEnd = endOfHost(bytes, start, end);
  return hostEnd !== NO_HOST && end - hostEnd > 1 && isPort(bytes, hostEnd, end);
}

/** Where the host that begins at `start` ends, or NO_HOST. */
function endOfHost(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return NO_HOST;
  if (bytes[start] === LEFT_BRACKET) return endOfLiteral(bytes, start, end);
  let at = start;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (REG_NAME[byte] !== 0) {
      at++;
    } else if (byte === PERCENT && isHex(bytes, at + 1, end) && isHex(bytes, at + 2, end)) {
      at += 3;
    } else {
      break;
    }
  }
  return at === start ? NO_HOST : at;
}

/** `:` and digits up to `end`; a number that is no port is refused although the grammar does not bound it. */
function isPort(bytes: Uint8Array, colon: number, end: number): boolean {
  if (bytes[colon] !== COLON) return false;
  let port = 0;
  for (let at = colon + 1; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (!isDigit(byte)) return false;
    port = port * 10 + byte - ZERO;
    if (port > MAX_PORT) return false;
  }
  return true;
}

function endOfLiteral(bytes: Uint8Array, start: number, end: number): number {
  const bracket = bytes.indexOf(RIGHT_BRACKET, start);
  if (bracket === -1 || bracket >= end) return NO_HOST;
  const isAddress = isIpv6(bytes, start + 1, bracket) || isIpFuture(bytes, start + 1, bracket);
  return isAddress ? bracket + 1 : NO_HOST;
}

/** IPv6address: eight groups, or fewer around one `::`; the last two may be an IPv4 address. No zone: RFC 9844 keeps it out of URIs. */
function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let groups = 0;
  let isCompressed = false;
  let at = start;
  if (bytes[at] === COLON && bytes[at + 1] === COLON) {
    isCompressed = true;
    at += 2;
  }
  while (at < end) {
    const groupStart = at;
    while (isHex(bytes, at, end)) at++;
    if (at < end && bytes[at] === DOT) {
      if (!isIpv4(bytes, groupStart, end)) return false;
      groups += 2;
      break;
    }
    const digits = at - groupStart;
    if (digits === 0 || digits > 4) return false;
    groups++;
    if (at === end) break;
    if (bytes[at] !== COLON) return false;
    at++;
    if (at === end) return false;
    if (bytes[at] === COLON) {
      if (isCompressed) return false;
      isCompressed = true;
      at++;
    }
  }
  return isCompressed ? groups <= 7 : groups === 8;
}

/** Four dec-octets: 0 to 255, no leading zero. */
function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (let octet = 0; octet < 4; octet++) {
    const octetStart = at;
    let value = 0;
    while (at < end && isDigit(bytes[at] ?? 0)) {
      value = value * 10 + (bytes[at] ?? 0) - ZERO;
      at++;
      if (value > 255) return false;
    }
    const digits = at - octetStart;
    if (digits === 0 || (digits > 1 && bytes[octetStart] === ZERO)) return false;
    if (octet < 3) {
      if (at === end || bytes[at] !== DOT) return false;
      at++;
    }
  }
  return at === end;
}

/** `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )` */
function isIpFuture(bytes: Uint8Array, start: number, end: number): boolean {
  if (((bytes[start] ?? 0) | 0x20) !== 0x76) return false;
  let at = start + 1;
  while (isHex(bytes, at, end)) at++;
  if (at === start + 1 || at >= end || bytes[at] !== DOT) return false;
  at++;
  if (at === end) return false;
  while (at < end && IP_FUTURE[bytes[at] ?? 0] !== 0) at++;
  return at === end;
}

function isHex(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && HEX_DIGIT[bytes[at] ?? 0] !== 0;
}
