import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readSummary } from "./python-tests.ts";

describe("readSummary", () => {
  for (const [text, passed, failed, skipped] of [
    ["Ran 12 tests in 0.1s\n\nOK\n", 12, 0, 0],
    ["Ran 1 test in 0.1s\n\nOK (skipped=1)\n", 0, 0, 1],
    ["Ran 9 tests in 0.1s\n\nOK (skipped=2, expected failures=1)\n", 7, 0, 2],
    ["Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n", 5, 3, 1],
    ["Ran 9 tests in 0.1s\n\nFAILED (expected failures=2, unexpected successes=1)\n", 8, 1, 0],
    ["Ran 0 tests in 0.0s\n\nNO TESTS RAN\n", 0, 0, 0],
    ["Segmentation fault\n", 0, 0, 0],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readSummary(text), { passed, failed, skipped });
    });
  }
});
