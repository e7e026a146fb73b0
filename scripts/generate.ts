// npm run generate: writes what is made of tables in the source. `npm run check` fails when it is stale (generate.test.ts).

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSchema, gunicornTable, optionsPage, withTable } from "./reference.ts";

const ROOT = join(import.meta.dirname, "..");

/** Path from the root -> what it should hold. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const page = "docs/from-gunicorn.md";
  return new Map([
    ["docs/reference/options.md", optionsPage()],
    ["docs/reference/rickhouse.schema.json", fileSchema()],
    [page, withTable(read(page), gunicornTable(gunicornSettings()))],
  ]);
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

interface Setting {
  readonly name: string;
  readonly section: string;
}

function gunicornSettings(): readonly Setting[] {
  const list: unknown = JSON.parse(read("test/vectors/gunicorn/settings.json"));
  const isList = typeof list === "object" && list !== null && "settings" in list;
  const settings: unknown = isList ? list.settings : undefined;
  if (!Array.isArray(settings) || !settings.every(isSetting))
    throw new Error("no list of settings");
  return settings;
}

function isSetting(value: unknown): value is Setting {
  return typeof value === "object" && value !== null && "name" in value && "section" in value;
}

if (import.meta.main) {
  for (const [path, text] of generatedFiles()) writeFileSync(join(ROOT, path), text);
}
