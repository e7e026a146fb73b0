import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { FieldNameTable } from "../http/field-names.ts";
import { type SeenRequest, transcribe } from "../../../test/support/transcript.ts";

/** The facts of a request with these field lines, or why it is refused. */
function facts(lines: readonly string[], start = "GET / HTTP/1.1"): Partial<SeenRequest> | string {
  const text = [start, ...lines, "", ""].join("\r\n");
  const seen = transcribe([Buffer.from(text)]);
  return seen.refused ?? seen.requests[0] ?? "nothing";
}

function keepAlive(version: string, ...options: string[]): unknown {
  const lines = options.map((option) => `Connection: ${option}`);
  const seen = facts(["Host: h", ...lines], `GET / HTTP/${version}`);
  return typeof seen === "string" ? seen : seen.keepAlive;
}

function expectsContinue(version: string, ...lines: string[]): unknown {
  const seen = facts(["Host: h", ...lines], `POST / HTTP/${version}`);
  return typeof seen === "string" ? seen : seen.expectsContinue;
}

describe("host", () => {
  it("is required once in HTTP/1.1, whatever the target", () => {
    assert.equal(facts([]), "missingHost");
    assert.equal(facts([], "GET http://h/ HTTP/1.1"), "missingHost");
    assert.equal(facts(["Host: h", "Host: h"]), "repeatedHost");
    assert.equal(facts(["Host: h/"]), "badHost");
    assert.equal(facts(["Host:"]), "badHost");
  });

  it("may be missing in HTTP/1.0, where the target may name it", () => {
    const none = facts([], "GET / HTTP/1.0");
    const named = facts([], "GET http://h/ HTTP/1.0");
    assert.equal(typeof none === "string" || none.hasHost, false);
    assert.equal(typeof named === "string" || named.hasHost, true);
    assert.equal(facts(["Host: h", "Host: h"], "GET / HTTP/1.0"), "repeatedHost");
  });
});

describe("keep-alive", () => {
  it("is the rule in HTTP/1.1 and the exception in HTTP/1.0", () => {
    assert.equal(keepAlive("1.1"), true);
    assert.equal(keepAlive("1.2"), true);
    assert.equal(keepAlive("1.1", "close"), false);
    assert.equal(keepAlive("1.0"), false);
    assert.equal(keepAlive("1.0", "keep-alive"), true);
  });

  it("gives way to close on any line", () => {
    assert.equal(keepAlive("1.1", "keep-alive", "x, close"), false);
    assert.equal(keepAlive("1.0", "close", "keep-alive"), false);
  });
});

describe("expectations", () => {
  const length = "Content-Length: 1";

  it("are waited for when a body follows, in HTTP/1.1", () => {
    assert.equal(expectsContinue("1.1", "Expect: 100-continue", length), true);
    assert.equal(
      expectsContinue("1.1", "Expect: 100-continue", "Transfer-Encoding: chunked"),
      true,
    );
    assert.equal(expectsContinue("1.1", "Expect: 100-continue"), false);
    assert.equal(expectsContinue("1.0", "Expect: 100-continue", length), false);
    assert.equal(expectsContinue("1.1", "Expect:", length), false);
    assert.equal(expectsContinue("1.1", length), false);
  });

  it("are refused when unknown", () => {
    assert.equal(expectsContinue("1.1", "Expect: 100-continue", "Expect: x"), "unknownExpectation");
  });
});

describe("repeated names", () => {
  it("are seen in any case, in known and unknown names", () => {
    for (const lines of [
      ["A: 1", "a: 2"],
      ["Cookie: 1", "x: 2", "cookie: 3"],
    ]) {
      const seen = facts(["Host: h", ...lines]);
      assert.equal(typeof seen === "string" || seen.hasRepeatedFields, true);
    }
    const seen = facts(["Host: h", "A: 1", "AA: 2"]);
    assert.equal(typeof seen === "string" || seen.hasRepeatedFields, false);
  });

  it("are told from a stamp that is as old as the serial is long", () => {
    const names = new FieldNameTable();
    const request = Buffer.from("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n");
    transcribe([request], undefined, names);
    // The serial has wrapped once: the next head gets the number that the names carry already.
    names.nextSerial = () => 1;
    assert.equal(transcribe([request], undefined, names).requests[0]?.hasRepeatedFields, false);
  });
});
