import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEnviron } from "../../../test/support/marshal-reader.ts";
import { environOf, headOf, type SampleRequest } from "../../../test/support/sample-request.ts";
import { environBytesOf, readWireVectors, toHex } from "../../../test/support/wire-vectors.ts";
import { FieldNameTable } from "../http/field-names.ts";
import { type ConnectionFacts, encodeConnectionEnviron } from "./connection-environ.ts";
import { environKey, environValue, valuesEndOf } from "./environ-lookup.ts";
import { EnvironEncoder } from "./environ.ts";

const FACTS: ConnectionFacts = {
  remoteAddress: "10.0.0.1",
  remotePort: "5",
  serverName: "s",
  serverPort: "80",
  scheme: "http",
};
const CONNECTION = encodeConnectionEnviron(FACTS);

function request(changes: Partial<SampleRequest>): SampleRequest {
  return { method: "GET", target: "/", minorVersion: 1, fields: [], ...changes };
}

/** What an application would see. */
function environFor(
  sample: SampleRequest,
  head = headOf(sample),
  encoder = new EnvironEncoder(),
): Record<string, string> {
  const end = encoder.encode(head, CONNECTION);
  return readEnviron(encoder.bytes.subarray(0, end));
}

/** In hex. */
function shapeOf(changes: Partial<SampleRequest>, facts: Partial<ConnectionFacts>): string {
  const bytes = environBytesOf({
    request: request(changes),
    connection: { ...FACTS, ...facts },
    decodedLength: -1,
  });
  return toHex(bytes.subarray(valuesEndOf(bytes)));
}

describe("encodeConnectionEnviron", () => {
  it("opens the shape, with every key in a plain type, and tells the client apart", () => {
    const { shape, values, count } = encodeConnectionEnviron({ ...FACTS, remotePort: "" });
    assert.equal(
      Buffer.from(shape).toString("latin1"),
      "{z\x0bSCRIPT_NAMEz\0z\x0fwsgi.url_schemez\x04httpz\x0bSERVER_NAMEz\x01sz\x0bSERVER_PORTz\x0280z\x0bREMOTE_ADDRN",
    );
    assert.equal(Buffer.from(values).toString("latin1"), "z\x0810.0.0.1");
    assert.equal(count, 1);
  });
});

describe("the facts that a proxy tells", () => {
  const told = { ...FACTS, scheme: "https", scriptName: "/shop", host: "shop.example" } as const;

  it("stand in the environ, and its Host is the only one", () => {
    for (const target of ["/", "http://target.example/"]) {
      for (const fields of [
        [["Host", "own.example"]],
        [
          ["Accept", "a"],
          ["Host", "own.example"],
          ["Accept", "b"],
        ],
      ] as const) {
        const encoder = new EnvironEncoder();
        const head = headOf(request({ target, fields }));
        const end = encoder.encode(head, encodeConnectionEnviron(told), true);
        const environ = readEnviron(encoder.bytes.subarray(0, end));
        assert.equal(environ["HTTP_HOST"], "shop.example");
        assert.equal(environ["SCRIPT_NAME"], "/shop");
        assert.equal(environ["wsgi.url_scheme"], "https");
        assert.equal(environ["HTTPS"], "on");
      }
    }
  });
});

describe("EnvironEncoder", () => {
  for (const vector of readWireVectors().environs) {
    it(`encodes the vector: ${vector.name}`, () => {
      const bytes = environBytesOf(vector);
      assert.equal(toHex(bytes), vector.hex);
      assert.deepEqual(readEnviron(bytes), vector.environ);
    });
  }

  it("writes this for the smallest request, byte by byte", () => {
    const encoder = new EnvironEncoder();
    const nothing = {
      shape: Uint8Array.of(0x7b),
      values: new Uint8Array(0),
      count: 0,
      hasBegun: false,
      shapeOfLast: undefined,
    };
    const end = encoder.encode(headOf(request({})), nothing);
    assert.equal(
      Buffer.from(encoder.bytes.subarray(0, end)).toString("latin1"),
      "\x12\0\0\0(\x04\0\0\0z\x01/z\0\xfa\x01/r\0\0\0\0" +
        "{z\x0eREQUEST_METHODz\x03GETz\x0fSERVER_PROTOCOLz\x08HTTP/1.1z\x09PATH_INFON" +
        "z\x0cQUERY_STRINGNz\x0bREQUEST_URINz\x07RAW_URIN0",
    );
  });

  it("never writes the interned types, which CPython 3.12 would keep for ever", () => {
    const fields = [["X-New", "1"] as const, [`X-${"n".repeat(300)}`, "2"] as const];
    const encoder = new EnvironEncoder();
    const end = encoder.encode(headOf(request({ fields })), CONNECTION);
    const text = Buffer.from(encoder.bytes.subarray(0, end)).toString("latin1");
    assert.ok(text.includes("z\x0aHTTP_X_NEWN"));
    assert.ok(text.includes(`a\x33\x01\0\0HTTP_X_${"N".repeat(300)}N`));
  });

  it("takes the length of a chunked body when it is known", () => {
    const encoder = new EnvironEncoder();
    const sample = request({ method: "POST", fields: [["Host", "h"]] });
    const end = encoder.encode(headOf(sample), CONNECTION, false, true);
    const open = encoder.bytes.slice(0, end);
    assert.equal(environValue(open, environKey("CONTENT_LENGTH")), "");
    for (const length of [0, Number.MAX_SAFE_INTEGER]) {
      const environ = EnvironEncoder.withContentLength(open, length);
      assert.deepEqual(readEnviron(environ), environOf(sample, FACTS, length));
      assert.equal(environValue(environ, environKey("CONTENT_LENGTH")), String(length));
    }
  });

  it("has one shape for requests that differ in what only they have", () => {
    const fields = [["Host", "a"] as const, ["Accept", "\u00e9"] as const];
    const others = [["host", "b"] as const, ["ACCEPT", "text/html"] as const];
    assert.equal(
      shapeOf({ target: "/%20?q", fields }, {}),
      shapeOf({ fields: others }, { remoteAddress: "2001:db8::1", remotePort: "6" }),
    );
    assert.notEqual(shapeOf({ fields }, {}), shapeOf({ fields, method: "POST" }, {}));
  });

  it("joins equal names that are different objects, as when the table of names is full", () => {
    const sample = request({
      fields: [
        ["X-New", "1"],
        ["Other", "o"],
        ["x-new", "2"],
        ["Cookie", "a=1"],
        ["X-NEW", "3"],
        ["cookie", "b=2"],
      ],
    });
    const head = headOf(sample, () => new FieldNameTable());
    assert.notEqual(head.names[0], head.names[2]);
    const environ = environFor(sample, head);
    assert.equal(environ["HTTP_X_NEW"], "1, 2, 3");
    assert.equal(environ["HTTP_COOKIE"], "a=1; b=2");
    assert.equal(environ["HTTP_OTHER"], "o");
  });

  it("leaves Host out when the target has an authority, on both ways through the fields", () => {
    const target = "http://a.example:1/x";
    for (const more of [[], [["X", "1"] as const, ["X", "2"] as const]]) {
      const environ = environFor(request({ target, fields: [["Host", "b.example"], ...more] }));
      assert.equal(environ["HTTP_HOST"], "a.example:1");
    }
  });

  it("grows for a head beyond its buffer and gives the same bytes", () => {
    const wide: [string, string][] = Array.from({ length: 90 }, (_, i) => [
      `X-${i}`,
      "\u00e9".repeat(i * 5),
    ]);
    const sample = request({ target: `/${"%c3%a9".repeat(900)}?${"q".repeat(900)}`, fields: wide });
    const small = new EnvironEncoder(16);
    assert.deepEqual(environFor(sample, headOf(sample), small), environOf(sample, FACTS, -1));
    const again = environFor(request({}), headOf(request({})), small);
    assert.deepEqual(again, environOf(request({}), FACTS, -1));
  });

  it("has room for values that grow, whatever the size of its buffer was", () => {
    // The second value would be overwritten by the first where the room is too small.
    const [x, y] = ["\u00ff".repeat(2000), "\u00fe".repeat(500)];
    const sample = request({
      fields: [
        ["X", x],
        ["Y", y],
      ],
    });
    const expected = environOf(sample, FACTS, -1);
    for (let size = 2000; size < 15_000; size += 97) {
      const environ = environFor(sample, headOf(sample), new EnvironEncoder(size));
      assert.deepEqual(environ, expected);
    }
  });

  it("takes no method for a common one that only starts like it", () => {
    for (const method of ["GE", "P", "GETX", "get", "DELETES"]) {
      assert.equal(environFor(request({ method }))["REQUEST_METHOD"], method);
    }
  });
});
