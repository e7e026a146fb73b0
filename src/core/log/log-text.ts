// How text of peers becomes part of a log line that it can neither end, forge nor steer a terminal with. Texts come as they were sent,
// one character a byte (latin-1).

/** Nothing in it means anything to JSON, to a quoted text or to a terminal. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
/** What a terminal or a viewer would act on: controls, formatting (bidirectional overrides), line separators, unassigned. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A JSON string: UTF-8 where the bytes are, otherwise `\xNN` (as text) for each byte that is not printable ASCII. */
export function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escapedJson(text);
}

/** For between quotes: `"`, `\` and whatever is not printable ASCII as `\xNN`. What Apache and nginx write, so what readers of their logs read. */
export function quotedText(text: string): string {
  return PLAIN.test(text) ? text : hexed(text);
}

/** For people: UTF-8 where the bytes are, with nothing that a terminal acts on. */
export function shownText(text: string): string {
  if (PLAIN.test(text)) return text;
  const decoded = decodedUtf8(text);
  return decoded === undefined ? hexed(text) : decoded.replaceAll(UNSEEN, unicodeEscape);
}

function escapedJson(text: string): string {
  const decoded = decodedUtf8(text);
  if (decoded === undefined) return JSON.stringify(hexed(text));
  return JSON.stringify(decoded).replaceAll(UNSEEN, unicodeEscape);
}

function decodedUtf8(text: string): string | undefined {
  try {
    return decoder.decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  } catch {
    return undefined; // Not UTF-8.
  }
}

function hexed(text: string): string {
  return text.replaceAll(/["\\]|[^\x20-\x7e]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** As JSON writes it, beyond 16 bits as two. */
function unicodeEscape(character: string): string {
  let escaped = "";
  for (let i = 0; i < character.length; i++) {
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
