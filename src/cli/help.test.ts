import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flagOf, OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { COMMANDS } from "./commands.ts";
import { GROUPS, helpText } from "./help.ts";

const MAX_COLUMNS = 100;

describe("--help all", () => {
  const text = helpText("all");
  const lines = text.split("\n");

  for (const name of OPTION_NAMES) {
    it(`lists ${flagOf(name)} once`, () => {
      const start = new RegExp(`^  (?:-\\w, |    )${flagOf(name)}(?:[ []|$)`);
      assert.equal(lines.filter((line) => start.test(line)).length, 1);
      assert.ok(text.includes(OPTIONS[name].help));
    });
  }

  it("shows letters, values and defaults", () => {
    assert.match(
      text,
      /^ {2}-w, --workers N\|MIN:MAX +Python processes [^\n]*\[one a core : 8 a core, at most 32, by memory\]$/m,
    );
    assert.match(text, /^ {6}--max-body SIZE +request body; above: 413 \[64MiB\]$/m);
    assert.match(text, /^ {2}-h, --help /m);
    assert.match(text, /^ {2}-V, --version /m);
  });

  it("has a title for every group that an option is in", () => {
    const titled = new Set(GROUPS.map(([group]) => group));
    for (const name of OPTION_NAMES) assert.ok(titled.has(OPTIONS[name].group), name);
  });
});

describe("--help", () => {
  it("fits on a screen of 100 columns and 30 lines, and names every command", () => {
    const lines = helpText().split("\n");
    assert.equal(lines.at(-1), "");
    // The last is the empty one behind the line feed.
    assert.ok(lines.length <= 31, `${lines.length} lines`);
    for (const name of Object.keys(COMMANDS)) {
      assert.equal(lines.filter((line) => line.startsWith(`  ${name} `)).length, 1, name);
    }
  });

  for (const topic of ["", "all", ...Object.keys(COMMANDS)]) {
    it(`has no line above ${MAX_COLUMNS} columns: ${topic}`, () => {
      const long = helpText(topic)
        .split("\n")
        .filter((line) => line.length > MAX_COLUMNS);
      assert.deepEqual(long, []);
    });
  }
});

describe("the help of a command", () => {
  it("has its usage and its own flags", () => {
    assert.match(helpText("config"), /^Usage: rickhouse config \[--json\]/);
    assert.match(helpText("config"), /^ {6}--json +as JSON$/m);
    assert.match(helpText("check"), /Options: rickhouse --help all\n$/);
  });

  it("is the screen for serve", () => assert.equal(helpText("serve"), helpText()));
});
