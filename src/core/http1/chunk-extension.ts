// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) (RFC 9112 section 7.1.1): checked byte by byte, bounded, dropped.
// Nobody uses extensions; what one reader of a malformed one takes for its end another may take for text (a quote that stays open).

import { REFUSALS, type Refusal } from "../http/refusal.ts";
import {
  BACKSLASH,
  EQUALS,
  FIELD_VALUE,
  QUOTE,
  SEMICOLON,
  TOKEN,
  isWhiteSpace,
} from "./grammar.ts";

/** Without a bound a peer could send them for ever and never any body. */
const MAX_BYTES_PER_CHUNK = 256;
const MAX_BYTES_PER_BODY = 16 * 1024;

/** `*Gap`: white space behind a name or value, which has to lead to something. */
const PART = {
  nameStart: 0,
  name: 1,
  nameGap: 2,
  valueStart: 3,
  token: 4,
  quoted: 5,
  quotedPair: 6,
  quoteEnd: 7,
  valueGap: 8,
} as const;
type Part = (typeof PART)[keyof typeof PART];

export class ChunkExtensionScanner {
  #part: Part = PART.valueGap;
  #chunkBytes = 0;
  #bodyBytes = 0;

  beginBody(): void {
    this.#bodyBytes = 0;
  }

  /** What stands behind the size comes next: white space or `;`. */
  beginChunk(): void {
    this.#part = PART.valueGap;
    this.#chunkBytes = 0;
  }

  /** The line may end here. */
  get mayEnd(): boolean {
    return this.#part === PART.name || this.#part === PART.token || this.#part === PART.quoteEnd;
  }

  step(byte: number): Refusal | undefined {
    const next = isWhiteSpace(byte) ? afterWhiteSpace(this.#part) : after(this.#part, byte);
    if (next === undefined) return REFUSALS.badChunkExtension;
    this.#part = next;
    this.#chunkBytes++;
    this.#bodyBytes++;
    const isTooLong =
      this.#chunkBytes > MAX_BYTES_PER_CHUNK || this.#bodyBytes > MAX_BYTES_PER_BODY;
    return isTooLong ? REFUSALS.chunkExtensionsTooLong : undefined;
  }
}

function afterWhiteSpace(part: Part): Part {
  if (part === PART.name) return PART.nameGap;
  if (part === PART.token || part === PART.quoteEnd) return PART.valueGap;
  return part === PART.quotedPair ? PART.quoted : part;
}

/** Undefined: the byte does not belong there. */
function after(part: Part, byte: number): Part | undefined {
  switch (part) {
    case PART.nameStart:
      return TOKEN[byte] === 0 ? undefined : PART.name;
    case PART.name:
      return TOKEN[byte] === 0 ? afterName(byte) : PART.name;
    case PART.nameGap:
      return afterName(byte);
    case PART.valueStart:
      if (byte === QUOTE) return PART.quoted;
      return TOKEN[byte] === 0 ? undefined : PART.token;
    case PART.token:
      return TOKEN[byte] === 0 ? afterValue(byte) : PART.token;
    case PART.quoted:
      if (byte === QUOTE) return PART.quoteEnd;
      if (byte === BACKSLASH) return PART.quotedPair;
      return FIELD_VALUE[byte] === 0 ? undefined : PART.quoted;
    case PART.quotedPair:
      return FIELD_VALUE[byte] === 0 ? undefined : PART.quoted;
    case PART.quoteEnd:
    case PART.valueGap:
      return afterValue(byte);
  }
}

function afterName(byte: number): Part | undefined {
  return byte === EQUALS ? PART.valueStart : afterValue(byte);
}

function afterValue(byte: number): Part | undefined {
  return byte === SEMICOLON ? PART.nameStart : undefined;
}
