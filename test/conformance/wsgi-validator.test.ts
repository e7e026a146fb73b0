// wsgiref.validate, which checks both sides of the interface: around an application that uses all of it, it finds nothing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pattern, sha256 } from "../support/pattern.ts";
import { noted } from "../support/record.ts";
import { type CaseRequest, Cases } from "../support/wsgi-cases.ts";

const ANSWERS: readonly [name: string, status: number][] = [
  ["list", 200],
  ["write", 200],
  ["generator", 200],
  ["file", 200],
  ["closing", 200],
  ["again", 500],
  ["empty", 204],
  ["unchanged", 304],
];

/** Lines of every kind, and more than is held in memory. */
const BODIES: Readonly<Record<string, Buffer>> = {
  none: Buffer.alloc(0),
  small: Buffer.from("one\r\ntwo\n\nlast"),
  large: pattern(2 * 2 ** 20),
};

describe("wsgiref.validate", () => {
  const cases = new Cases("wsgi_validated:app");

  /** An error of the validator would be a 500 with a traceback, or a warning on standard error. */
  async function isClean(name: string, status: number, request: CaseRequest = {}): Promise<void> {
    const from = cases.server.stderr.length;
    using client = cases.begin(`/${name}?a=b`, request);
    const answer = await client.response(request.method);
    const log = cases.server.stderr.slice(from);
    assert.equal(answer.status, status, log);
    assert.ok(answer.isWhole);
    const isBodiless = request.method === "HEAD" || status === 204 || status === 304;
    assert.equal(answer.body.toString(), isBodiless ? "" : "valid");
    const body = Buffer.from(request.body ?? []);
    if (status === 200) assert.equal(answer.fields.get("x-digest"), sha256(body));
    client.send("GET /list HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.response()).status, 200);
    assert.doesNotMatch(cases.server.stderr.slice(from), /Traceback|Warning|error/);
  }

  for (const [name, status] of ANSWERS) {
    for (const method of ["GET", "HEAD", "POST", "OPTIONS", "PUT"]) {
      it(`finds nothing: ${method} ${name}`, async () => {
        const body = method === "POST" ? "a body" : undefined;
        await isClean(
          name,
          status,
          body === undefined ? { method } : { method, body: Buffer.from(body) },
        );
      });
    }
  }
  for (const way of ["read", "lines", "readline", "readlines"]) {
    for (const [size, body] of Object.entries(BODIES)) {
      it(`finds nothing in wsgi.input: ${way}, ${size}`, async () => {
        await isClean(way, 200, { method: "POST", body, fields: ["Content-Type: text/plain"] });
      });
    }
  }
  it("finds nothing in HTTP/1.0", async () => {
    await isClean("list", 200, { version: "1.0", fields: ["Connection: keep-alive"] });
  });
  it("finds nothing in strange requests", async () => {
    const fields = ["X-A: 1", "X-A: \xe9", "Cookie: a", "Cookie: b", "Content-Type:", "X_Y: z"];
    await isClean("%C3%A9%00%2F?%3F", 200, { fields });
  });
  it("sees close()", async () => {
    await noted(cases.server, "closed the validated one");
  });
});
