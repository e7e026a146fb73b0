// What the reader of PROXY headers makes of some pieces, as text that can be compared.

import { Buffer } from "node:buffer";
import { ProxyHeaderReader } from "../../src/core/proxy-protocol/header.ts";

export function outcomeOf(pieces: readonly Uint8Array[]): string {
  const reader = new ProxyHeaderReader();
  for (const [index, piece] of pieces.entries()) {
    const read = reader.push(piece);
    if (read === undefined) continue;
    if (read.kind !== "header") return read.kind;
    const rest = Buffer.concat([read.rest, ...pieces.slice(index + 1)]).toString("hex");
    return JSON.stringify({ ...read.header, rest });
  }
  return "incomplete";
}
