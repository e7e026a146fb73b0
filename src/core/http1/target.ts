// The four forms of a request target (RFC 9112 section 3.2): which one it is, where path, query and authority lie.
// Knows checked target bytes only. Percent escapes are left alone: decoding happens once, behind the parser. A malformed
// escape (`%zz`) goes on as it is, and `%00` too: both are what every peer does, and only the application can tell
// whether it takes such data (RFC 3986 section 7.3). Nothing here compares paths, so nothing can be hidden in them.

import { TARGET_FORM, type RequestHead } from "../http/request-head.ts";
import { REFUSALS, type Refusal } from "../http/refusal.ts";
import { isAuthority, isAuthorityWithPort } from "./authority.ts";
import { ASTERISK, PERCENT, QUESTION_MARK, SLASH, isText } from "./grammar.ts";

/** Reads `bytes[targetStart, targetEnd)` of a head whose method is known; fills the form and its offsets. */
export function readTarget(head: RequestHead): Refusal | undefined {
  const { bytes, targetStart } = head;
  head.authorityStart = head.authorityEnd = targetStart;
  // Seven bytes tell CONNECT from all others: cheaper than a comparison for each request.
  if (head.methodEnd - head.methodStart === 7 && isConnect(head)) return refuseConnect(head);

  if (bytes[targetStart] === SLASH) {
    head.targetForm = TARGET_FORM.origin;
    readPathAndQuery(head, targetStart);
    return undefined;
  }
  if (bytes[targetStart] === ASTERISK) return readAsterisk(head);
  return readAbsolute(head);
}

function isConnect(head: RequestHead): boolean {
  return isText(head.bytes, head.methodStart, head.methodEnd, "CONNECT");
}

/** CONNECT asks for a tunnel and has a form of its own; in any other form it is malformed, and not only unwanted. */
function refuseConnect(head: RequestHead): Refusal {
  const isWellFormed = isAuthorityWithPort(head.bytes, head.targetStart, head.targetEnd);
  return isWellFormed ? REFUSALS.connectNotAllowed : REFUSALS.badTarget;
}

/** asterisk-form: the server as a whole, for OPTIONS only (RFC 9112 section 3.2.4). */
function readAsterisk(head: RequestHead): Refusal | undefined {
  const { targetStart, targetEnd } = head;
  if (targetEnd - targetStart !== 1) return REFUSALS.badTarget;
  if (!isText(head.bytes, head.methodStart, head.methodEnd, "OPTIONS")) return REFUSALS.badTarget;
  head.targetForm = TARGET_FORM.asterisk;
  head.pathStart = head.pathEnd = targetEnd;
  head.queryStart = head.queryEnd = targetEnd;
  head.pathHasEscapes = false;
  return undefined;
}

/** absolute-form (RFC 9112 section 3.2.2), for the two schemes that lead to a server like this one. */
function readAbsolute(head: RequestHead): Refusal | undefined {
  const { bytes, targetStart, targetEnd } = head;
  const authorityStart = endOfScheme(bytes, targetStart, targetEnd);
  if (authorityStart === NO_SCHEME) return REFUSALS.badTarget;
  let authorityEnd = authorityStart;
  while (authorityEnd < targetEnd) {
    const byte = bytes[authorityEnd] ?? 0;
    if (byte === SLASH || byte === QUESTION_MARK) break;
    authorityEnd++;
  }
  if (!isAuthority(bytes, authorityStart, authorityEnd)) return REFUSALS.badTarget;
  head.targetForm = TARGET_FORM.absolute;
  head.authorityStart = authorityStart;
  head.authorityEnd = authorityEnd;
  readPathAndQuery(head, authorityEnd);
  return undefined;
}

const NO_SCHEME = -1;

/** Where `http://` or `https://` ends, in any case (RFC 3986 section 3.1). */
function endOfScheme(bytes: Uint8Array, start: number, end: number): number {
  for (const scheme of ["http://", "https://"]) {
    let same = 0;
    while (same < scheme.length && start + same < end) {
      // Folds letters; `:` and `/` have the bit set already, and no other byte of a target folds onto them.
      if (((bytes[start + same] ?? 0) | 0x20) !== scheme.charCodeAt(same)) break;
      same++;
    }
    if (same === scheme.length) return start + same;
  }
  return NO_SCHEME;
}

function readPathAndQuery(head: RequestHead, start: number): void {
  const { bytes, targetEnd } = head;
  let at = start;
  let hasEscapes = false;
  for (; at < targetEnd; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUESTION_MARK) break;
    if (byte === PERCENT) hasEscapes = true;
  }
  head.pathStart = start;
  head.pathEnd = at;
  head.pathHasEscapes = hasEscapes;
  head.queryStart = at < targetEnd ? at + 1 : targetEnd;
  head.queryEnd = targetEnd;
}
