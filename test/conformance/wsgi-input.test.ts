// wsgi.input (PEP 3333, "Input and Error Streams"), for each way in which a body reaches the application: in memory, decoded from chunks,
// and in a file because it is large.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../support/pattern.ts";
import { recordOf } from "../support/record.ts";
import { type CaseRequest, Cases, requestBytes } from "../support/wsgi-cases.ts";

type Operation = readonly [name: string, ...sizes: number[]];

const LINES = "one\r\ntwo\n\r\nthree\0\xff\r\n\nlast";
/** More than is held in memory, in lines of every length from 1 to 256, without a line end at its end. */
const LARGE = largeText(2 * 2 ** 20);

function largeText(length: number): string {
  let text = LINES;
  for (let size = 1; text.length < length; size = (size % 256) + 1) text += `${"z".repeat(size)}\n`;
  return `${text}end`;
}

/** What Python's streams do, in a few lines: the oracle. */
class Stream {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run([name, size]: Operation): string | string[] {
    if (name === "read" || name === "drain") return name === "read" ? this.read(size) : this.read();
    if (name === "readline" || name === "next") return this.readline(size);
    return this.readlines(size);
  }

  read(size: number = -1): string {
    return this.#take(size < 0 ? this.#text.length : this.#at + size);
  }

  readline(size: number = -1): string {
    const lineEnd = this.#text.indexOf("\n", this.#at) + 1;
    const end = lineEnd === 0 ? this.#text.length : lineEnd;
    return this.#take(size < 0 ? end : Math.min(end, this.#at + size));
  }

  readlines(hint: number = 0): string[] {
    const lines: string[] = [];
    let length = 0;
    for (let line = this.readline(); line !== ""; line = this.readline()) {
      lines.push(line);
      length += line.length;
      if (hint > 0 && length >= hint) break;
    }
    return lines;
  }

  #take(end: number): string {
    const start = this.#at;
    this.#at = Math.min(end, this.#text.length);
    return this.#text.slice(start, this.#at);
  }
}

function shown(text: string): string {
  return text.length <= 300 ? text : `${text.length} ${sha256(Buffer.from(text, "latin1"))}`;
}

const OPERATIONS: readonly [operations: Operation[], what: string][] = [
  [[["read"]], "read() gives all"],
  [[["read", -1]], "read(-1) gives all"],
  [[["read"], ["read"], ["read", 1], ["readline"], ["readlines"]], "behind the end: nothing"],
  [
    [
      ["read", 4],
      ["read", 4],
      ["read", 4],
    ],
    "read(n) goes on where it stood",
  ],
  [
    [
      ["read", 0],
      ["read", 2],
      ["read", 0],
    ],
    "read(0) gives nothing and takes nothing",
  ],
  [
    [
      ["read", 2 ** 30],
      ["read", 1],
    ],
    "read(n) beyond the end gives what there is",
  ],
  [[["readline"], ["readline"], ["readline"], ["readline"]], "readline() keeps line ends"],
  [
    [
      ["readline", 2],
      ["readline", 2],
      ["readline", 2],
      ["readline", 100],
    ],
    "readline(n) stops at n",
  ],
  [
    [
      ["readline", 0],
      ["readline", -1],
    ],
    "readline(0) and readline(-1)",
  ],
  [[["readlines"]], "readlines() gives all lines"],
  [
    [
      ["readlines", 1],
      ["readlines", 5],
      ["read", 3],
    ],
    "readlines(hint) stops when it has enough",
  ],
  [[["readlines", 0], ["read"]], "readlines(0) gives all"],
  [[["iterate"], ["read"]], "iteration gives all lines"],
  [[["next"], ["readline"], ["read", 2], ["next"], ["readline", 3]], "all of them, mixed"],
  [[["drain", 1000], ["read"]], "read(n) until it is empty"],
  [[["drain", 65536]], "in blocks"],
];

const WAYS: readonly [way: string, text: string, frame: (text: string) => CaseRequest][] = [
  ["in memory", LINES, (body) => ({ body })],
  [
    "chunked",
    LINES,
    (text) => ({ fields: ["Transfer-Encoding: chunked"], body: chunked(text, 5) }),
  ],
  ["in a file", LARGE, (body) => ({ body })],
  [
    "chunked, in a file",
    LARGE,
    (text) => ({ fields: ["Transfer-Encoding: chunked"], body: chunked(text, 300_000) }),
  ],
];

function chunked(text: string, size: number): string {
  let out = "";
  for (let at = 0; at < text.length; at += size) {
    const chunk = text.slice(at, at + size);
    out += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${out}0\r\n\r\n`;
}

describe("wsgi.input", () => {
  const cases = new Cases("wsgi_cases:app");

  for (const [way, text, frame] of WAYS) {
    describe(way, () => {
      const request = frame(text);
      function post(fields: readonly string[] = []): CaseRequest {
        return { ...request, method: "POST", fields: [...(request.fields ?? []), ...fields] };
      }

      for (const [operations, what] of OPERATIONS) {
        it(what, async () => {
          const fields = [`X-Operations: ${JSON.stringify(operations)}`];
          const got: unknown = JSON.parse(await cases.text("/input/run", post(fields)));
          const stream = new Stream(text);
          const expected = operations.map((operation) => {
            const result = stream.run(operation);
            return typeof result === "string" ? shown(result) : result.map(shown);
          });
          assert.deepEqual(got, expected);
        });
      }

      for (const [name, body] of [
        ["ignore", "unread"],
        ["some", "one"],
        ["closing", "closed"],
        ["by-length", String(text.length)],
      ] as const) {
        it(`the next request of the connection is served after ${name}`, async () => {
          using client = cases.begin(`/input/${name}`, post());
          assert.equal((await client.response()).body.toString(), body);
          await cases.goesOn(client);
        });
      }

      it("can be read while the answer is made", async () => {
        const body = await cases.text("/input/late", post());
        const sizes = body.slice(1, -2).split(",").map(Number);
        assert.equal(
          sizes.reduce((sum, size) => sum + size),
          text.length,
        );
      });

      it("can be read in close(), when the answer is out", async () => {
        const before = recordOf(cases.server).length;
        using client = cases.begin("/input/in-close", post());
        assert.equal((await client.response()).body.toString(), "whole");
        await cases.goesOn(client);
        assert.deepEqual(recordOf(cases.server).slice(before), [`in close: ${text.length} bytes`]);
      });

      it("can be left unread by an application that raises", async () => {
        await cases.fails("/errors/in-call?kind=exception", post());
      });
    });
  }

  describe("without a body", () => {
    const operations =
      'X-Operations: [["read"], ["read", 5], ["readline"], ["readlines"], ["iterate"]]';
    for (const [what, request] of [
      ["GET", {}],
      ["POST without a length", { method: "POST" }],
      ["Content-Length: 0", { method: "POST", fields: ["Content-Length: 0"] }],
      [
        "an empty chunked body",
        { method: "POST", fields: ["Transfer-Encoding: chunked"], body: "0\r\n\r\n" },
      ],
      ["DELETE", { method: "DELETE" }],
    ] as [string, CaseRequest][]) {
      it(`${what}: everything is empty, nothing waits`, async () => {
        const fields = [...(request.fields ?? []), operations];
        const got: unknown = JSON.parse(await cases.text("/input/run", { ...request, fields }));
        assert.deepEqual(got, ["", "", "", [], []]);
      });
    }
  });

  it("GET may have a body", async () => {
    const fields = ['X-Operations: [["read"]]'];
    assert.equal(await cases.text("/input/run", { fields, body: "abc" }), '["abc"]');
  });

  it("never reaches into the next request", async () => {
    using client = cases.begin("/input/run", {
      method: "POST",
      fields: ['X-Operations: [["read", 1000], ["readline"], ["read"]]', "Content-Length: 3"],
      body: `abc${requestBytes("/body/list-one").toString("latin1")}`,
    });
    assert.equal((await client.response()).body.toString(), '["abc", "", ""]');
    assert.equal((await client.response()).body.toString(), "a body");
  });

  it("has every byte value, in order", async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const fields = ['X-Operations: [["read"]]'];
    const got = JSON.parse(await cases.text("/input/run", { method: "POST", fields, body }));
    assert.deepEqual(Buffer.from(got[0], "latin1"), body);
  });

  it("is asked for by 100 Continue first", async () => {
    using client = cases.begin("/input/run", {
      method: "POST",
      fields: ['X-Operations: [["read"]]', "Expect: 100-continue", "Content-Length: 3"],
    });
    assert.equal((await client.response()).status, 100);
    client.send("abc");
    assert.equal((await client.response()).body.toString(), '["abc"]');
  });

  it("arrives whole though it is sent byte by byte", async () => {
    const request = { method: "POST", fields: ['X-Operations: [["readlines"]]'], body: LINES };
    using client = cases.begin("/body/list-one");
    await client.response();
    await client.dribble(requestBytes("/input/run", request));
    const got: unknown = JSON.parse((await client.response()).body.toString());
    assert.deepEqual(got, [new Stream(LINES).readlines()]);
  });
});
