// Pages that name options and files name such as there are; example commands are taken by the server's own reader of arguments.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseArguments } from "../src/cli/args.ts";
import { flagOf, OPTION_NAMES } from "../src/config/options.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = ["docs/deploying.md", "docs/security.md"];
const FLAGS = new Set(OPTION_NAMES.map(flagOf));

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The words of a command line, as a shell would split these. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

describe("the pages of docs", () => {
  for (const page of PAGES) {
    it(`${page} names options that there are`, () => {
      const named = read(page).match(/--[a-z][a-z-]*[a-z]/g) ?? [];
      assert.ok(named.length > 10);
      assert.deepEqual(
        named.filter((flag) => !FLAGS.has(flag)),
        [],
      );
    });

    it(`${page} names files that there are`, () => {
      const named = read(page).match(/\b(?:examples|docs|test)\/[\w./-]*\w/g) ?? [];
      assert.deepEqual(
        named.filter((path) => !existsSync(join(ROOT, path))),
        [],
      );
    });
  }

  it("commands of docs/deploying.md and examples/Procfile can be given", () => {
    const lines = `${read("docs/deploying.md")}\n${read("examples/Procfile").replace("web: ", "")}`;
    const commands = lines.split("\n").filter((line) => line.startsWith("rickhouse "));
    assert.ok(commands.length >= 4);
    for (const command of commands) {
      const parsed = parseArguments(wordsOf(command).slice(1));
      assert.ok(parsed.kind === "command", command);
      assert.deepEqual(parsed.words, ["flask_app:app"], command);
    }
  });
});
