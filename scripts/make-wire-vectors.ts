// Fills in test/vectors/wire.json: the bytes (`hex`) of every frame and environ, from the fields beside them. To add a
// vector, write its fields and run this. Violations are bytes alone and stay as they are.
// Read the difference before it is kept: what changes here, changes the protocol.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { environOf } from "../test/support/sample-request.ts";
import {
  environBytesOf,
  frameBytesOf,
  readWireVectors,
  toHex,
  WIRE_VECTORS_URL,
} from "../test/support/wire-vectors.ts";

const { protocol, ...lists } = readWireVectors();
const withHex = {
  protocol,
  ...lists,
  toFront: lists.toFront.map((vector) => ({ ...vector, hex: toHex(frameBytesOf(vector)) })),
  toWorker: lists.toWorker.map((vector) => ({ ...vector, hex: toHex(frameBytesOf(vector)) })),
  environs: lists.environs.map((vector) => ({
    ...vector,
    environ: environOf(vector.request, vector.connection, vector.decodedLength),
    hex: toHex(environBytesOf(vector)),
  })),
};

writeFileSync(WIRE_VECTORS_URL, JSON.stringify(withHex, null, 2));
execFileSync("npx", ["oxfmt", fileURLToPath(WIRE_VECTORS_URL)], { stdio: "inherit" });
