import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_LIMITS } from "../../../test/support/transcript.ts";
import { PARSED, RequestParser } from "../http1/request-parser.ts";
import { FieldNameTable } from "./field-names.ts";
import { fieldText } from "./request-head.ts";

describe("fieldText", () => {
  it("joins the lines of a field, whatever the case of its name, and is empty for none", () => {
    const parser = new RequestParser(DEFAULT_LIMITS, new FieldNameTable());
    parser.push(
      Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nACCEPT: text/html\r\nAccept: */*\r\n\r\n"),
    );
    assert.equal(parser.next(), PARSED.head);
    assert.equal(fieldText(parser.head, "accept"), "text/html, */*");
    assert.equal(fieldText(parser.head, "cookie"), "");
  });
});
