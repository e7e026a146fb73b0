import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { FieldNameTable, type FieldName } from "../http/field-names.ts";
import { learnCommonNames } from "./common-names.ts";
import { PARSED, RequestParser } from "./request-parser.ts";
import { DEFAULT_LIMITS } from "../../../test/support/transcript.ts";

/** The FieldName objects that a head with these fields gets. */
function namesOf(table: FieldNameTable, fields: readonly string[]): FieldName[] {
  const parser = new RequestParser(DEFAULT_LIMITS, table);
  parser.push(
    Buffer.from(`GET / HTTP/1.0\r\n${fields.map((name) => `${name}: 1\r\n`).join("")}\r\n`),
  );
  assert.equal(parser.next(), PARSED.head);
  return parser.head.names.slice(0, fields.length);
}

function fillWithInventions(table: FieldNameTable): void {
  for (let head = 0; head < 40; head++) {
    namesOf(
      table,
      Array.from({ length: 90 }, (_, index) => `invented-${head}-${index}`),
    );
  }
}

describe("learnCommonNames", () => {
  const common = ["Accept", "user-agent", "X-Forwarded-For"];

  it("keeps common names in a table that a peer has filled", () => {
    const table = new FieldNameTable();
    learnCommonNames(table);
    fillWithInventions(table);
    const [first, second] = [namesOf(table, common), namesOf(table, common)];
    for (const [index, name] of first.entries()) assert.equal(name, second[index]);
    const [invented] = namesOf(table, ["invented-39-89"]);
    assert.notEqual(namesOf(table, ["invented-39-89"])[0], invented);
  });

  it("is needed for that", () => {
    const table = new FieldNameTable();
    fillWithInventions(table);
    assert.notEqual(namesOf(table, common)[0], namesOf(table, common)[0]);
  });
});
