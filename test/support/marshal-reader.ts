// Reads the part of Python's marshal format that environs are written in, for tests that run without Python.

import assert from "node:assert/strict";

/** What an environ of core/wire/environ.ts says; throws when anything else is there, or a key stands twice. */
export function readEnviron(bytes: Uint8Array): Record<string, string> {
  const data = Buffer.from(bytes);
  const valuesEnd = 4 + data.readUInt32LE(0);
  const remembered: string[] = [];
  let at = 4;

  const text = (length: number, encoding: "latin1" | "utf8"): string => {
    const value = data.toString(encoding, at, at + length);
    assert.equal(Buffer.byteLength(value, encoding), length);
    at += length;
    return value;
  };
  const long = (): number => {
    at += 4;
    return data.readUInt32LE(at - 4);
  };
  const valueOfType = (type: string): string => {
    if (type === "z") return text(data[at++] ?? 0, "latin1");
    if (type === "a") return text(long(), "latin1");
    if (type === "u") return text(long(), "utf8");
    assert.equal(type, "r", `type of a text: ${type}`);
    const value = remembered[long()];
    assert.ok(value !== undefined, "reference to nothing");
    return value;
  };
  const next = (): string | null | undefined => {
    const byte = data[at++] ?? 0;
    const type = String.fromCharCode(byte & 0x7f);
    if (type === "0") return undefined;
    if (type === "N") return null;
    const value = valueOfType(type);
    if ((byte & 0x80) !== 0) remembered.push(value);
    return value;
  };

  assert.equal(data[at++], 0x28, "starts a tuple");
  const values = Array.from({ length: long() }, next);
  assert.equal(at, valuesEnd, "the values end where they say");
  assert.equal(data[at++], 0x7b, "starts a dict");
  const entries = new Map<string, string>();
  for (let key = next(); key !== undefined; key = next()) {
    assert.ok(key !== null && !entries.has(key), `${key} stands twice`);
    const common = next();
    const value = common === null ? values.shift() : common;
    assert.ok(typeof value === "string", `${key} has no value`);
    entries.set(key, value);
  }
  assert.equal(values.length, 0, "every value has its key");
  assert.equal(at, data.length, "nothing behind the dict");
  return Object.fromEntries(entries);
}
