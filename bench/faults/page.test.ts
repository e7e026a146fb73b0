import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Contender } from "./contenders.ts";
import { type Fault, verdict } from "./fault.ts";
import { tableOf } from "./page.ts";

function faultNamed(name: string): Fault {
  return { name, title: "", wants: "", put: () => Promise.resolve(verdict(true, "")) };
}

describe("tableOf", () => {
  it("has a row for each fault, a column for each server, and counts what failed", () => {
    const contenders: Contender[] = [
      { name: "a", command: "" },
      { name: "b", command: "" },
    ];
    const verdicts = {
      crash: { a: verdict(true, "0 lost"), b: verdict(false, "down") },
      hang: { b: verdict(false, "9 s") },
    };
    const table = tableOf([faultNamed("crash"), faultNamed("hang")], contenders, { verdicts });
    assert.deepEqual(table.split("\n"), [
      "| fault | a | b |",
      "| --- | --- | --- |",
      "| `crash` | pass: 0 lost | **fail**: down |",
      "| `hang` | - | **fail**: 9 s |",
      "| 2 faults | 0 fail | 2 fail |",
    ]);
  });
});
