import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { preferredForm } from "./page-form.ts";

const CASES: readonly (readonly [accept: string, form: string, why: string])[] = [
  ["", "text", "no Accept"],
  ["*/*", "text", "curl"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html", "browsers"],
  ["application/json, text/plain, */*", "json", "axios"],
  ["application/json", "json", "an API client"],
  ["APPLICATION/JSON", "json", "types have no case"],
  ["application/problem+json", "json", "a JSON dialect"],
  ["application/*", "json", "a range of types"],
  ["text/*", "text", "a range of types with two of ours"],
  ["text/html;q=0.5, application/json;q=0.9", "json", "weights"],
  ["text/html;level=1;q=0.4, application/json;q=0.3", "html", "parameters before the weight"],
  ["text/*, text/plain;q=0", "html", "the more specific range counts, zero is no"],
  ["text/plain;q=0, */*", "html", "anything but"],
  ["*/*;q=0", "text", "nothing is acceptable"],
  ["image/png", "text", "nothing of ours is acceptable"],
  ["text/html ; q=0.2 , application/json ; Q=0.1", "html", "white space, and q has no case"],
  ["text/html;q=2, application/json;q=0.5", "html", "a weight that is none is not read"],
  ["garbage, ;;;, application/json", "json", "what cannot be read is skipped"],
  [`${"a/b,".repeat(40)}application/json`, "text", "only so many are looked at"],
];

describe("preferredForm", () => {
  for (const [accept, form, why] of CASES) {
    it(`${why}: ${accept.slice(0, 60) || "(none)"} is ${form}`, () => {
      assert.equal(preferredForm(accept), form);
    });
  }
});
