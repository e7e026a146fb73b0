// How long the body of a request is (RFC 9112 section 6.3), and every rule against request smuggling in one place:
// whatever another reader of the same head could frame differently is refused, never repaired.
// Knows the head's fields; knows no body bytes (chunked.ts does).

import { FIELD } from "../http/field-names.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import type { RequestHead } from "../http/request-head.ts";
import { SEMICOLON, TOKEN, ZERO, isDigit, isToken, isWhiteSpace } from "./grammar.ts";
import { endOfElement } from "./lists.ts";

/** What `contentLength` says of a chunked body. */
export const CHUNKED = -1;

/** How many field lines of a head bear on its framing. Counted by head-facts.ts, which visits each field anyway. */
export interface FramingFields {
  contentLengths: number;
  /** Index of the (only) Content-Length field. */
  contentLengthAt: number;
  transferEncodings: number;
}

/** Sets `head.contentLength`, or says why the body has no certain end. */
export function frameBody(
  head: RequestHead,
  fields: FramingFields,
  maxBytes: number,
): Refusal | undefined {
  if (fields.transferEncodings > 0) {
    // Both: RFC 9112 section 6.1 lets a server drop the length; a proxy that dropped the coding is the classic attack.
    if (fields.contentLengths > 0) return REFUSALS.lengthWithTransferEncoding;
    // HTTP/1.0 knows no codings: a 1.0 intermediary has framed this message in some other way (section 6.1).
    if (head.minorVersion === 0) return REFUSALS.transferEncodingInHttp10;
    head.contentLength = CHUNKED;
    return checkCodings(head);
  }
  head.contentLength = 0;
  if (fields.contentLengths === 0) return undefined;
  // Equal values may be merged by the RFC (section 6.3), but peers take the first, the last or the sum of what they see.
  if (fields.contentLengths > 1) return REFUSALS.repeatedContentLength;
  return readContentLength(head, fields.contentLengthAt, maxBytes);
}

/** Content-Length = 1*DIGIT (RFC 9110 section 8.6): no sign, no list, no other base. Leading zeros are digits. */
function readContentLength(
  head: RequestHead,
  index: number,
  maxBytes: number,
): Refusal | undefined {
  const { bytes } = head;
  const start = head.valueStart(index);
  const end = head.valueEnd(index);
  if (start === end) return REFUSALS.badContentLength;
  // A double: too many digits make it large and at last infinite, never small, and it is refused either way.
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (!isDigit(byte)) return REFUSALS.badContentLength;
    length = length * 10 + (byte - ZERO);
  }
  if (length > maxBytes || length > Number.MAX_SAFE_INTEGER) return REFUSALS.bodyTooLarge;
  head.contentLength = length;
  return undefined;
}

/**
 * All Transfer-Encoding lines are one list (RFC 9110 section 5.3); it must be exactly `chunked`. Empty elements, which a
 * list may hold elsewhere, are refused: `,chunked` has smuggled requests through servers that skipped the whole field.
 */
function checkCodings(head: RequestHead): Refusal | undefined {
  let isChunkedSeen = false;
  let isOtherSeen = false;
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.names[index]?.id !== FIELD.transferEncoding) continue;
    const end = head.valueEnd(index);
    for (let at = head.valueStart(index); at <= end; at++) {
      const elementEnd = endOfElement(head.bytes, at, end);
      const coding = readCoding(head.bytes, at, elementEnd);
      // Something behind chunked, itself included: the body's end would not be the end of the message (section 6.3).
      if (coding === "malformed" || isChunkedSeen) return REFUSALS.badTransferEncoding;
      if (coding === "chunked") isChunkedSeen = true;
      else isOtherSeen = true;
      at = elementEnd;
    }
  }
  return isOtherSeen ? REFUSALS.unknownTransferCoding : undefined;
}

/** transfer-coding = token *( OWS ";" OWS parameter ) (RFC 9112 section 7). Parameters are looked at by their `;` only. */
function readCoding(
  bytes: Uint8Array,
  start: number,
  end: number,
): "chunked" | "other" | "malformed" {
  let from = start;
  while (from < end && isWhiteSpace(bytes[from] ?? 0)) from++;
  let nameEnd = from;
  while (nameEnd < end && TOKEN[bytes[nameEnd] ?? 0] !== 0) nameEnd++;
  let at = nameEnd;
  while (at < end && isWhiteSpace(bytes[at] ?? 0)) at++;
  const hasParameters = at < end;
  if (nameEnd === from || (hasParameters && bytes[at] !== SEMICOLON)) return "malformed";
  if (!isToken(bytes, from, nameEnd, "chunked")) return "other";
  // chunked has no parameters (section 7.1); ignoring them could mean to ignore what another reader obeys.
  return hasParameters ? "malformed" : "chunked";
}
