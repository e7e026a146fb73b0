// Bodies that test/apps/answers.py makes and takes: byte n is n modulo 256, so that a lost, doubled or moved piece shows.

import { createHash } from "node:crypto";

export function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < Math.min(length, 256); i++) bytes[i] = i;
  for (let filled = 256; filled < length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
