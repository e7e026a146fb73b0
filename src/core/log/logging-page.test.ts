// docs/logging.md says what the tables of the code say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { flagOf } from "../../config/options.ts";
import { LOG_OPTIONS } from "../../config/log-options.ts";
import { ACCESS_FIELD_NAMES, ACCESS_FIELDS } from "./access-fields.ts";
import { jsonLine } from "./json-line.ts";
import { AccessRecord } from "./access-record.ts";
import { LineBuffer } from "./line-buffer.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/logging.md"), "utf8");

describe("docs/logging.md", () => {
  it("has the table of fields", () => {
    const rows = ACCESS_FIELD_NAMES.map(
      (name) => `| \`{${name}}\` | ${ACCESS_FIELDS[name].help} |`,
    );
    const table = ["| field | |", "| --- | --- |", ...rows].join("\n");
    assert.ok(page.includes(table), `its table should be:\n${table}`);
  });

  it("shows a JSON line with the keys that lines have", () => {
    const shown = /^\{"time".*\}$/m.exec(page)?.[0] ?? "{}";
    const line = new LineBuffer(1024);
    jsonLine(true)(new AccessRecord(), line);
    const written: unknown = JSON.parse(line.bytes.toString("utf8", 0, line.at));
    assert.deepEqual(Object.keys(Object(JSON.parse(shown))), Object.keys(Object(written)));
  });

  it("names each option", () => {
    const names = ["log", "logFormat", "logLevel", "accessLog", "accessLogFormat"] as const;
    for (const name of [...names, "accessLogQuery", "requestId"] as const) {
      assert.ok(name in LOG_OPTIONS);
      assert.ok(page.includes(`\`${flagOf(name)}`), name);
    }
  });
});
