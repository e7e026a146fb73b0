import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { headOf, type SampleRequest } from "../../../test/support/sample-request.ts";
import { type ConnectionEnviron, encodeConnectionEnviron } from "./connection-environ.ts";
import { EnvironShapes } from "./environ-shapes.ts";
import { EnvironEncoder } from "./environ.ts";

const USUAL: SampleRequest = {
  method: "GET",
  target: "/",
  minorVersion: 1,
  fields: [["Accept", "*/*"]],
};

function named(name: string): SampleRequest {
  return { ...USUAL, fields: [[name, "1"]] };
}

function connection(port = "5", host = ""): ConnectionEnviron {
  return encodeConnectionEnviron({
    remoteAddress: "10.0.0.1",
    remotePort: port,
    serverName: "s",
    serverPort: "80",
    scheme: "http",
    host,
  });
}

function encoded(encoder: EnvironEncoder, sample: SampleRequest, on: ConnectionEnviron): string {
  const head = headOf(sample);
  const hasHost = Buffer.from(on.shape).includes("HTTP_HOST");
  const end = encoder.encode(head, on, hasHost, head.contentLength === -1);
  return Buffer.from(encoder.bytes.subarray(0, end)).toString("latin1");
}

const field = fc.constantFrom<[string, string][]>(
  ["Accept", "*/*"],
  ["Accept", "text/html"],
  ["Host", "h"],
  ["Cookie", "a=1"],
  ["Content-Length", "5"],
  ["Transfer-Encoding", "chunked"],
  ["Proxy", "x"],
  ["X_Y", "1"],
  ["X-Own", "\u00e9"],
);
const sample = fc.record({
  method: fc.constantFrom("GET", "POST", "PATCH", "FOO"),
  target: fc.constantFrom("/", "/a?b", "http://other/x", "*"),
  minorVersion: fc.constantFrom(0, 1),
  fields: fc.array(field, { maxLength: 3 }),
});

describe("the shapes of environs", () => {
  it("are not kept where they are large: each idle connection would have one", () => {
    const encoder = new EnvironEncoder();
    const on = connection();
    const fields = Array.from({ length: 90 }, (_, index): [string, string] => [
      `${"x".repeat(300)}${index}`,
      "1",
    ]);
    for (let requests = 0; requests < 3; requests++) {
      const text = encoded(encoder, { ...USUAL, fields }, on);
      assert.equal(text, encoded(new EnvironEncoder(), { ...USUAL, fields }, connection()));
    }
    assert.ok(on.shapeOfLast === undefined);
    for (let requests = 0; requests < 2; requests++) encoded(encoder, USUAL, on);
    assert.ok(on.shapeOfLast !== undefined);
  });

  it("are what a connection without memory would have, whatever came before", () => {
    const requests = fc.array(fc.tuple(sample, fc.nat(2)), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(requests, (sequence) => {
        const encoder = new EnvironEncoder();
        const all = [connection("5"), connection("6"), connection("7", "shown.example")];
        const fresh = [["5"], ["6"], ["7", "shown.example"]] as const;
        for (const [request, index] of sequence) {
          const on = all[index] ?? connection();
          const [port, host] = fresh[index] ?? [];
          assert.equal(
            encoded(encoder, request, on),
            encoded(new EnvironEncoder(), request, connection(port, host)),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("begin as those of the newest connection, if that came in at the same place and sent the same names", () => {
    const shapes = new EnvironShapes(undefined);
    const first = (on: ConnectionEnviron, request = USUAL): unknown =>
      shapes.of(headOf(request), on, false, false);
    const known = first(connection("5"));
    assert.equal(first(connection("6")), known);
    assert.notEqual(first(connection("7"), named("X-Other")), known);
    const anew = first(connection("8"));
    assert.notEqual(anew, known);
    assert.deepEqual(anew, known);
    const elsewhere = { ...connection("9"), shape: Uint8Array.from(connection("9").shape) };
    assert.notEqual(first(elsewhere), anew);
  });

  it("are shared between connections, from the second request on", () => {
    const shapes = new EnvironShapes(undefined);
    const [one, other] = [connection("5"), connection("6")];
    const ask = (on: ConnectionEnviron, request = USUAL): unknown =>
      shapes.of(headOf(request), on, false, false);
    ask(one);
    assert.equal(one.shapeOfLast, undefined);
    ask(one);
    ask(other);
    ask(other);
    assert.ok(one.shapeOfLast !== undefined);
    assert.equal(one.shapeOfLast, other.shapeOfLast);
    assert.equal(ask(one), one.shapeOfLast);
    ask(other, { ...USUAL, method: "FOO" });
    assert.equal(one.shapeOfLast, other.shapeOfLast, "an uncommon one is not remembered");
  });

  it("are forgotten where clients invent names", () => {
    const shapes = new EnvironShapes(undefined);
    const on = connection();
    for (let i = 0; i < 600; i++) shapes.of(headOf(named(`x-${i}`)), on, false, false);
    const other = connection();
    for (let i = 0; i < 2; i++) shapes.of(headOf(named("x-599")), other, false, false);
    assert.equal(other.shapeOfLast, on.shapeOfLast);
    for (let i = 0; i < 2; i++) shapes.of(headOf(named("x-1")), other, false, false);
    assert.ok(other.shapeOfLast !== undefined);
  });
});
