import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeConnectionEnviron } from "../wire/connection-environ.ts";
import { VALUES_AT } from "../wire/environ.ts";
import { writeU32 } from "../wire/frame.ts";
import { MARSHAL, textOf } from "../wire/marshal.ts";
import { ACCESS_FIELDS, ACCESS_FIELD_NAMES } from "./access-fields.ts";
import { BadTemplate, makeFormat, type FormatOptions } from "./access-format.ts";
import { AccessRecord, NO_TIME, type LoggedHead } from "./access-record.ts";
import { LineBuffer } from "./line-buffer.ts";

const PLAIN: FormatOptions = { hasQuery: true, hasColour: false };
const ID = "0123456789abcdefgh";

/** The line as it is read from a file. */
function formatted(format: string, options: FormatOptions): (record: AccessRecord) => string {
  const write = makeFormat(format, options);
  return (record) => {
    const out = new LineBuffer(16);
    write(record, out);
    return out.bytes.toString("utf8", 0, out.at);
  };
}

function headOf(
  fields: Record<string, string>,
  target = "/search?q=1",
  remoteAddress = "192.0.2.1",
): LoggedHead {
  const facts = { remoteAddress, remotePort: "", serverName: "", serverPort: "" };
  const { shape, values, count } = encodeConnectionEnviron({ ...facts, scheme: "http" });
  const entries = Object.entries({ HTTP_X_REQUEST_ID: ID, REQUEST_URI: target, ...fields });
  const texts = entries.flatMap(([, value]) => [...textOf(value)]);
  const keys = entries.flatMap(([key]) => [...textOf(key), MARSHAL.none]);
  const method = [...textOf("REQUEST_METHOD"), ...textOf("GET")];
  const tuple = [MARSHAL.tuple, count + entries.length, 0, 0, 0, ...values, ...texts];
  const dict = [...shape, ...method, ...keys, MARSHAL.null];
  const environ = Uint8Array.from([0, 0, 0, 0, ...tuple, ...dict]);
  writeU32(environ, 0, tuple.length);
  const lengths = entries.map(([, value]) => textOf(value).length);
  const placeOf = (wanted: string): number => {
    const index = entries.findIndex(([key]) => key === wanted);
    if (index === -1) return 0;
    return VALUES_AT + values.length + lengths.slice(0, index).reduce((sum, one) => sum + one, 0);
  };
  const idStart = VALUES_AT + values.length + textOf(ID).length - ID.length;
  return {
    environ,
    idStart,
    idEnd: idStart + ID.length,
    method: "GET",
    targetAt: placeOf("REQUEST_URI"),
    agentAt: placeOf("HTTP_USER_AGENT"),
    referrerAt: placeOf("HTTP_REFERER"),
    minorVersion: 1,
  };
}

type Changes = Partial<AccessRecord>;

function recordOf(changes: Changes = {}): AccessRecord {
  const fields = { HTTP_REFERER: "http://a/?token=1", HTTP_USER_AGENT: "curl/8" };
  const record = Object.assign(new AccessRecord(), {
    epochMs: Date.UTC(2026, 10, 20, 19, 9, 28, 123),
    status: 200,
    bytesIn: 7,
    bytesOut: 13,
    receiveMs: 0,
    queueMs: 0.25,
    appMs: 1.0626,
    totalMs: 1.3126,
    pid: 42,
    ...changes,
  });
  record.head = "head" in changes ? changes.head : headOf(fields);
  return record;
}

const REFUSED: Changes = {
  status: 400,
  outcome: "badRequestLine",
  bytesIn: 0,
  receiveMs: NO_TIME,
  queueMs: NO_TIME,
  appMs: NO_TIME,
  totalMs: 0,
  pid: 0,
  head: undefined,
  headlessId: "id-of-it",
};

describe("the format json", () => {
  const lineOf = formatted("json", PLAIN);

  it("has typed fields", () => {
    assert.equal(
      lineOf(recordOf()),
      `{"time":"2026-11-20T19:09:28.123Z","request_id":"${ID}","client":"192.0.2.1","method":"GET","target":"/search?q=1",` +
        `"status":200,"outcome":null,"bytes_in":7,"bytes_out":13,"receive_ms":0.000,"queue_ms":0.250,"app_ms":1.063,"total_ms":1.313,` +
        `"pid":42,"user_agent":"curl/8","referrer":"http://a/?token=1"}\n`,
    );
  });

  it("has the same fields when little is known", () => {
    const line: unknown = JSON.parse(lineOf(recordOf(REFUSED)));
    assert.deepEqual(line, {
      time: "2026-11-20T19:09:28.123Z",
      request_id: "id-of-it",
      client: null,
      method: null,
      target: null,
      status: 400,
      outcome: "badRequestLine",
      bytes_in: 0,
      bytes_out: 13,
      receive_ms: null,
      queue_ms: null,
      app_ms: null,
      total_ms: 0,
      pid: null,
      user_agent: null,
      referrer: null,
    });
  });

  it("cannot be forged by what a client sends", () => {
    const agent = '","status":500,"x":"\n{"status":500}\u001b[2J';
    const line = lineOf(recordOf({ head: headOf({ HTTP_USER_AGENT: agent }) }));
    assert.equal(line.indexOf("\n"), line.length - 1);
    const parsed: unknown = JSON.parse(line);
    assert.ok(typeof parsed === "object" && parsed !== null && "status" in parsed);
    assert.equal(parsed.status, 200);
    assert.ok("user_agent" in parsed && parsed.user_agent === agent);
    assert.equal("x" in parsed, false);
  });

  it("can do without queries", () => {
    const line: unknown = JSON.parse(formatted("json", { ...PLAIN, hasQuery: false })(recordOf()));
    assert.ok(typeof line === "object" && line !== null && "target" in line && "referrer" in line);
    assert.equal(line.target, "/search");
    assert.equal(line.referrer, "http://a/");
  });
});

describe("a template", () => {
  it("knows each field, and - for what is not known", () => {
    const template = ACCESS_FIELD_NAMES.map((name) => `${name}={${name}}`).join(" ");
    const lineOf = formatted(template, PLAIN);
    assert.equal(
      lineOf(recordOf()),
      `time=2026-11-20T19:09:28.123Z time_common=20/Nov/2026:19:09:28 +0000 time_unix=1795201768.123 request_id=${ID} ` +
        "client=192.0.2.1 method=GET target=/search?q=1 path=/search query=q=1 protocol=HTTP/1.1 " +
        "request_line=GET /search?q=1 HTTP/1.1 status=200 outcome=- bytes_in=7 bytes_out=13 receive_ms=0.000 queue_ms=0.250 " +
        "app_ms=1.063 total_ms=1.313 pid=42 user_agent=curl/8 referrer=http://a/?token=1\n",
    );
    const unknown = lineOf(recordOf(REFUSED));
    for (const name of ACCESS_FIELD_NAMES) {
      if (ACCESS_FIELDS[name].kind === "text")
        assert.ok(unknown.includes(`${name}=- `) || unknown.endsWith(`${name}=-\n`), name);
    }
  });

  it("has braces, and text behind its last field", () => {
    assert.equal(formatted("{{{status}}} end", PLAIN)(recordOf()), "{200} end\n");
  });

  it("escapes for quotes", () => {
    const head = headOf({ HTTP_USER_AGENT: 'a"\\' });
    assert.equal(formatted('"{user_agent}"', PLAIN)(recordOf({ head })), '"a\\x22\\x5c"\n');
  });

  it("leaves out queries when asked to", () => {
    const options = { ...PLAIN, hasQuery: false };
    const lineOf = formatted("{request_line}|{query}|{target}", options);
    assert.equal(lineOf(recordOf()), "GET /search HTTP/1.1|-|/search\n");
    const headless = recordOf({ head: undefined, headlessLine: "GET /search?q=1" });
    assert.equal(lineOf(headless), "GET /search|-|/search\n");
  });

  for (const [template, reason] of [
    ["{stauts}", /no field is called \{stauts\}/],
    ["{", /a single \{/],
    ["a } b", /a single \}/],
    ["{}", /no field is called \{\}/],
    ["no field", /names no \{field\}/],
    ["{status}\n{pid}", /more than one line/],
  ] as const) {
    it(`refuses ${JSON.stringify(template)}`, () => {
      assert.throws(
        () => makeFormat(template, PLAIN),
        (error) => error instanceof BadTemplate && reason.test(error.message),
      );
    });
  }
});

describe("the formats common and combined", () => {
  it("are Apache's", () => {
    const common = `192.0.2.1 - - [20/Nov/2026:19:09:28 +0000] "GET /search?q=1 HTTP/1.1" 200 13`;
    assert.equal(formatted("common", PLAIN)(recordOf()), `${common}\n`);
    assert.equal(
      formatted("combined", PLAIN)(recordOf()),
      `${common} "http://a/?token=1" "curl/8"\n`,
    );
    const head = { ...headOf({}), minorVersion: 0 };
    assert.match(formatted("common", PLAIN)(recordOf({ head })), /HTTP\/1\.0" 200/);
  });
});

/** Without the time, which is the local one. */
function shown(changes: Changes, hasColour = false): string {
  const line = formatted("pretty", { ...PLAIN, hasColour })(recordOf(changes));
  return line.slice("00:00:00 ".length);
}

/** Behind a Unix socket there is no address. */
const UNIX: Changes = { head: headOf({}, "/search?q=1", "") };

describe("the format pretty", () => {
  it("keeps its columns", () => {
    assert.equal(shown({}), "200 GET       1.3 ms     13 B /search?q=1 192.0.2.1\n");
    assert.equal(
      shown({ ...UNIX, status: 404, totalMs: 20_500, bytesOut: 1_234_567 }),
      "404 GET       20.5 s   1.2 MB /search?q=1\n",
    );
    assert.equal(
      shown({ ...UNIX, totalMs: 1500, bytesOut: 2e9 }),
      "200 GET      1500 ms   2.0 GB /search?q=1\n",
    );
    assert.equal(
      shown({ bytesOut: 1500 }),
      "200 GET       1.3 ms   1.5 kB /search?q=1 192.0.2.1\n",
    );
    assert.match(formatted("pretty", PLAIN)(recordOf()), /^\d\d:\d\d:\d\d 200 /);
  });

  it("points out what went wrong", () => {
    assert.equal(
      shown({ status: 504, outcome: "requestTimeout", queueMs: 150 }),
      `504 GET       1.3 ms     13 B /search?q=1 requestTimeout waited 150 ms 192.0.2.1 ${ID}\n`,
    );
    assert.equal(shown(REFUSED), "400 -         0.0 ms     13 B - badRequestLine id-of-it\n");
  });

  it("is short", () => {
    const line = shown({ head: headOf({}, `/${"x".repeat(5000)}`) });
    assert.ok(line.length < 300 && line.includes("..."));
  });

  it("has colours when asked to, and never a client's", () => {
    const colours = [200, 302, 404, 500].map((status) => shown({ status }, true));
    for (const [index, colour] of ["32", "36", "33", "31"].entries()) {
      assert.ok(colours[index]?.includes(`\u001b[${colour}m`), colours[index]);
    }
    assert.ok(shown({ totalMs: 1500 }, true).includes("\u001b[33m"));
    assert.equal(shown({ head: headOf({}, "/\u001b[31m") }).includes("\u001b"), false);
  });
});
