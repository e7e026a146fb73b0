// Byte classes of RFC 9110, 9112 and 3986 as tables: a byte is the index, 0 means "not in this class".
// Knows single bytes only; what follows what is the business of the files that scan lines.

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const ASTERISK = 0x2a;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION_MARK = 0x3f;
export const LEFT_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const RIGHT_BRACKET = 0x5d;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/**
 * token (RFC 9110 section 5.6.2): methods, field names, codings. The value is the byte in lower case, so that
 * one look-up both checks a byte and folds its case.
 */
export const TOKEN = classOf(`!#$%&'*+-.^_\`|~${DIGITS}${LETTERS}`, lowerCaseOf);

/** field-value (RFC 9110 section 5.5): VCHAR, SP, HTAB and obs-text. Not NUL, CR, LF, other controls, DEL. */
export const FIELD_VALUE = classOf(`\t${textOf(0x20, 0x7e)}${textOf(0x80, 0xff)}`, one);

/**
 * What a request target may hold: every visible ASCII character but `#`.
 *
 * Refused is what another reader of the same bytes could take differently: controls and space (they end the target for
 * a lax parser), bytes above 0x7f (no one encoding is meant), and `#` (RFC 9112 section 3.2 sends no fragment; proxies
 * disagree on whether it ends the path). RFC 3986 also wants `"<>\^`{|}` and stray brackets escaped, but browsers and
 * libraries send them raw, nothing here gives them a meaning, and refusing them would break working sites.
 */
export const TARGET = classOf(textOf(0x21, 0x7e).replace("#", ""), one);

const UNRESERVED = `${LETTERS}${DIGITS}-._~`;
const SUB_DELIMS = "!$&'()*+,;=";

/** reg-name without its percent escapes (RFC 3986 section 3.2.2). An IPv4 address is in it too. */
export const REG_NAME = classOf(`${UNRESERVED}${SUB_DELIMS}`, one);

/** The tail of IPvFuture (RFC 3986 section 3.2.2). */
export const IP_FUTURE = classOf(`${UNRESERVED}${SUB_DELIMS}:`, one);

/** HEXDIG, any case (RFC 5234 appendix B.1): the value is the digit plus 1. */
export const HEX_DIGIT = classOf("0123456789abcdefABCDEF", (byte) => {
  return Number.parseInt(String.fromCharCode(byte), 16) + 1;
});

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Optional white space, OWS and BWS (RFC 9110 section 5.6.3). */
export function isWhiteSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

/** Is `bytes[start, end)` exactly `text`, byte for byte? `text` is ASCII. */
export function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Is `bytes[start, end)` the token `lower` in any case? `lower` is lower-case ASCII made of token characters. */
export function isToken(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (TOKEN[bytes[start + i] ?? 0] !== lower.charCodeAt(i)) return false;
  }
  return true;
}

function classOf(members: string, valueOf: (byte: number) => number): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < members.length; i++) {
    const byte = members.charCodeAt(i);
    table[byte] = valueOf(byte);
  }
  return table;
}

function textOf(first: number, last: number): string {
  let text = "";
  for (let byte = first; byte <= last; byte++) text += String.fromCharCode(byte);
  return text;
}

function one(): number {
  return 1;
}

function lowerCaseOf(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
