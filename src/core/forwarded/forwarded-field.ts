// The Forwarded field (RFC 7239 section 4): text -> elements, one a hop, the nearest hop last. Strict: of a value with one mistake
// nothing is believed, since a client could swallow what the proxy behind it adds by an open quote.

/** What one proxy tells of the request that it received. Values are unquoted; a parameter that is not there is undefined. */
export interface ForwardedElement {
  readonly for: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/** token [ "=" value ], as the section has it: no white space around `=`; sticky, so that each starts where the last one ended. */
const PAIR =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)")/y;
const SEPARATOR = /[ \t]*([;,])[ \t]*|[ \t]*$/y;

/** Undefined when the value is malformed. Empty list elements are skipped (RFC 9110 section 5.6.1). */
export function parseForwarded(text: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, string>();
  let at = text.length - text.trimStart().length;
  for (;;) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(text);
    if (pair !== null) {
      const name = (pair[1] ?? "").toLowerCase();
      // "Each parameter MUST NOT occur more than once per field-value."
      if (pairs.has(name)) return undefined;
      pairs.set(name, pair[2] ?? (pair[3] ?? "").replaceAll(/\\(.)/gs, "$1"));
      at = PAIR.lastIndex;
    }
    SEPARATOR.lastIndex = at;
    const separator = SEPARATOR.exec(text);
    if (separator === null) return undefined;
    at = SEPARATOR.lastIndex;
    if (separator[1] === ";") continue;
    if (pairs.size > 0) {
      const [host, proto] = [pairs.get("host"), pairs.get("proto")];
      elements.push({ for: pairs.get("for"), host, proto });
    }
    if (separator[1] === undefined) return elements;
    pairs = new Map();
  }
}
