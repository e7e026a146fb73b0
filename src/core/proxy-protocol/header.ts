// The PROXY protocol of HAProxy (doc/proxy-protocol.txt), versions 1 and 2: what a proxy that forwards bare connections says of the client,
// in front of the first byte of HTTP. Pure: bytes in, a header out. v1.ts and v2.ts know the two forms; here is what they share.

import { Buffer } from "node:buffer";
import { decodeV1, V1_START } from "./v1.ts";
import { decodeV2, V2_SIGNATURE } from "./v2.ts";

export interface ProxyHeader {
  /** The client; undefined where the proxy speaks for itself (LOCAL), or does not know or cannot say (UNKNOWN, UNSPEC, Unix). */
  readonly source: { readonly address: string; readonly port: string } | undefined;
}

/** `length`: how many bytes it took. */
export type Decoded =
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly length: number }
  | { readonly kind: "incomplete" }
  | { readonly kind: "missing" }
  | { readonly kind: "malformed" };

/** `bytes` begin where the connection begins. */
export function decodeProxyHeader(bytes: Uint8Array): Decoded {
  if (startsAlike(bytes, V1_START)) return decodeV1(bytes);
  if (startsAlike(bytes, V2_SIGNATURE)) return decodeV2(bytes);
  return { kind: "missing" };
}

function startsAlike(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}

export type Read =
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly rest: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "malformed" };

/** Puts a header together from whatever pieces it comes in. For one connection. */
export class ProxyHeaderReader {
  #held: Uint8Array = new Uint8Array(0);

  /** Undefined while bytes are missing. `rest` is a part of `chunk`: what stands behind the header. `chunk` is not kept. */
  push(chunk: Uint8Array): Read | undefined {
    const before = this.#held.length;
    const bytes = before === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const decoded = decodeProxyHeader(bytes);
    if (decoded.kind === "header") {
      const { kind, header, length } = decoded;
      return { kind, header, rest: chunk.subarray(length - before) };
    }
    if (decoded.kind !== "incomplete") return decoded;
    this.#held = before === 0 ? Buffer.from(chunk) : bytes;
    return undefined;
  }
}
