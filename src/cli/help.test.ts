import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flagOf, OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { COMMANDS } from "./commands.ts";
import { GROUPS, helpText } from "./help.ts";

const MAX_COLUMNS = 80;
/** Of a terminal, less the prompt that comes behind. */
const MAX_LINES = 23;

describe("--help all", () => {
  const text = helpText("all");
  const lines = text.split("\n");
  const flowing = text.replaceAll(/\s+/g, " ");

  for (const name of OPTION_NAMES) {
    it(`lists ${flagOf(name)} once`, () => {
      const start = new RegExp(`^  (?:-\\w, |    )${flagOf(name)}(?:[ []|$)`);
      assert.equal(lines.filter((line) => start.test(line)).length, 1);
      assert.ok(flowing.includes(OPTIONS[name].help));
    });
  }

  it("shows letters, values and defaults", () => {
    assert.match(
      text,
      /^ {2}-w, --workers N\|MIN:MAX +processes [^\n]*\[1 to 8 a core, at most 32, by memory\]$/m,
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
  it("fits on a screen with the prompt behind it, and names every command once", () => {
    const text = helpText();
    assert.ok(text.endsWith("\n"));
    const lines = text.slice(0, -1).split("\n");
    assert.ok(lines.length <= MAX_LINES, `${lines.length} lines`);
    const commands = lines.slice(lines.indexOf("Commands:") + 1, lines.lastIndexOf(""));
    const named = commands.flatMap(
      (line) => line.match(/^ {2}([\w-]+(?:, [\w-]+)*)/)?.[1]?.split(", ") ?? [],
    );
    assert.deepEqual(["serve", ...named].toSorted(), Object.keys(COMMANDS).toSorted());
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
