import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flagOf, OPTION_NAMES, OPTIONS } from "../config/options.ts";
import { helpText } from "./help.ts";

describe("helpText", () => {
  const lines = helpText().split("\n");

  for (const name of OPTION_NAMES) {
    it(`lists ${flagOf(name)} once`, () => {
      const start = new RegExp(`^  (?:-\\w, |    )${flagOf(name)}[ []`);
      assert.equal(lines.filter((line) => start.test(line)).length, 1);
      assert.ok(helpText().includes(OPTIONS[name].help));
    });
  }

  it("shows letters, values and defaults", () => {
    assert.match(
      helpText(),
      /^ {2}-w, --workers N\|MIN:MAX +Python processes \[one a core : 8 a core, at most 32\]$/m,
    );
    assert.match(helpText(), /^ {6}--max-body SIZE +request body; above: 413 \[64MiB\]$/m);
    assert.match(helpText(), /^ {2}-h, --help /m);
    assert.match(helpText(), /^ {2}-V, --version /m);
  });

  it("fits on a screen of 100 columns and 70 lines, and ends in a line feed", () => {
    assert.equal(lines.at(-1), "");
    assert.ok(lines.length <= 71, `${lines.length} lines`);
    assert.deepEqual(
      lines.filter((line) => line.length > 100),
      [],
    );
  });
});
