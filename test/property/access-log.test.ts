// Whatever peers send, a line of the access log is one line that says it: compared with a slow twin that works with strings and JSON.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { makeFormat } from "../../src/core/log/access-format.ts";
import { AccessRecord, type LoggedHead, NO_TIME } from "../../src/core/log/access-record.ts";
import { LineBuffer } from "../../src/core/log/line-buffer.ts";
import { encodeConnectionEnviron } from "../../src/core/wire/connection-environ.ts";
import { EnvironEncoder } from "../../src/core/wire/environ.ts";
import { ID_BYTES, RequestTrace } from "../../src/core/wire/request-trace.ts";
import { headOf, type SampleRequest } from "../support/sample-request.ts";

const FACTS = { remotePort: "", serverName: "", serverPort: "", scheme: "http" } as const;

const bytesAsText = (min: number, max: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min, max }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const utf8AsText = fc
  .string({ unit: "binary", maxLength: 40 })
  .map((text) => Buffer.from(text).toString("latin1"));
/** Longer than one byte can say, too. */
const long = bytesAsText(0x20, 0x7e, 400);
const value = fc.oneof(long, bytesAsText(0, 0xff, 40), utf8AsText, fc.constant('a"\\b'));
const target = bytesAsText(0x21, 0x7e, 300).map((rest) => `/${rest}`);
const ms = fc.oneof(
  fc.constantFrom(0, NO_TIME, 0.0004, 9.9996, 999.9999, 2 ** 31),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const count = fc.oneof(fc.nat(1200), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
const numbers = fc.record({
  epochMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  status: fc.integer({ min: 100, max: 999 }),
  bytesIn: fc.oneof(fc.constant(0), count),
  bytesOut: count,
  receiveMs: ms,
  queueMs: ms,
  appMs: ms,
  totalMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  pid: fc.nat(4_194_304),
  outcome: fc.constantFrom("", "clientGone" as const),
});
const fields = fc.record({ agent: fc.option(value), referrer: fc.option(value), other: value });
const client = fc.oneof(fc.constantFrom("", "192.0.2.1", "2001:db8::1"), value);
const request = fc.record({ client, method: fc.constantFrom("GET", "BREW"), target, fields });
type Drawn = (typeof request extends fc.Arbitrary<infer T> ? T : never) & {
  readonly hasIds: boolean;
};

function loggedHead(drawn: Drawn): LoggedHead {
  const { agent, referrer, other } = drawn.fields;
  const pairs: (readonly [string, string])[] = [["X-Other", other]];
  if (agent !== null) pairs.push(["User-Agent", agent]);
  pairs.push(["Content-Type", "a/b"]);
  if (referrer !== null) pairs.push(["Referer", referrer]);
  const sample: SampleRequest = { ...drawn, minorVersion: 1, fields: pairs };
  const trace = new RequestTrace({
    random: new Uint8Array(20),
    hasIds: drawn.hasIds,
    now: () => 0,
  });
  const encoder = new EnvironEncoder(undefined, trace);
  const connection = encodeConnectionEnviron({ ...FACTS, remoteAddress: drawn.client });
  const end = encoder.encode(headOf(sample), connection);
  const environ = Buffer.from(encoder.bytes.subarray(0, end));
  const { idStart, idEnd } = trace;
  const { method, targetAt, agentAt, referrerAt } = encoder;
  return { environ, idStart, idEnd, method, targetAt, agentAt, referrerAt, minorVersion: 1 };
}

function lineOf(format: string, hasQuery: boolean, record: AccessRecord): string {
  const out = new LineBuffer(16);
  makeFormat(format, { hasQuery, hasColour: false })(record, out);
  return out.bytes.toString("utf8", 0, out.at);
}

/** As docs/logging.md says. */
function jsonTwin(text: string): string | null {
  if (text === "") return null;
  const bytes = Buffer.from(text, "latin1");
  const isUtf8 = Buffer.from(bytes.toString("utf8")).equals(bytes);
  return isUtf8 ? bytes.toString("utf8") : hexTwin(text);
}

const isPlain = (code: number): boolean => code >= 32 && code < 127 && code !== 34 && code !== 92;

function hexTwin(text: string): string {
  const codes = Array.from(text, (character) => character.charCodeAt(0));
  return codes
    .map((code) => {
      return isPlain(code) ? String.fromCharCode(code) : `\\x${`0${code.toString(16)}`.slice(-2)}`;
    })
    .join("");
}

const timeTwin = (time: number): number | null =>
  time === NO_TIME ? null : Math.round(time * 1000) / 1000;
const cutTwin = (text: string, hasQuery: boolean): string =>
  hasQuery ? text : (text.split("?", 1)[0] ?? "");

describe("an access log line", () => {
  it("says as JSON what its twin says", () => {
    const parts = [numbers, request, fc.boolean(), fc.boolean()] as const;
    fc.assert(
      fc.property(...parts, (known, asked, hasIds, hasQuery) => {
        const record = Object.assign(new AccessRecord(), known);
        record.head = loggedHead({ ...asked, hasIds });
        const line = lineOf("json", hasQuery, record);
        assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        assert.ok(line.endsWith("}\n"));
        assert.deepEqual(JSON.parse(line), {
          time: new Date(known.epochMs).toISOString(),
          request_id: hasIds ? `${"0".repeat(ID_BYTES - 1)}1` : null,
          client: jsonTwin(asked.client),
          method: asked.method,
          target: cutTwin(asked.target, hasQuery),
          status: known.status,
          outcome: known.outcome || null,
          bytes_in: known.bytesIn,
          bytes_out: known.bytesOut,
          receive_ms: timeTwin(known.receiveMs),
          queue_ms: timeTwin(known.queueMs),
          app_ms: timeTwin(known.appMs),
          total_ms: timeTwin(known.totalMs),
          pid: known.pid || null,
          user_agent: jsonTwin(asked.fields.agent ?? ""),
          referrer: jsonTwin(cutTwin(asked.fields.referrer ?? "", hasQuery)),
        });
      }),
      { numRuns: 500 },
    );
  });

  it("says in a template what its twin says", () => {
    fc.assert(
      fc.property(numbers, request, fc.boolean(), (known, asked, hasQuery) => {
        const record = Object.assign(new AccessRecord(), known);
        record.head = loggedHead({ ...asked, hasIds: true });
        const shown = (text: string): string => hexTwin(cutTwin(text, hasQuery)) || "-";
        const query = asked.target.split("?").slice(1).join("?");
        assert.equal(
          lineOf('{method} {target}|{query}|{client}|"{user_agent}" é{referrer}', hasQuery, record),
          `${asked.method} ${shown(asked.target)}|${(hasQuery && hexTwin(query)) || "-"}|${hexTwin(asked.client) || "-"}|` +
            `"${hexTwin(asked.fields.agent ?? "") || "-"}" é${shown(asked.fields.referrer ?? "")}\n`,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("has no head to read from when that was not whole", () => {
    fc.assert(
      fc.property(value, value, client, (method, rest, headlessClient) => {
        const headlessLine = `${method.replaceAll(" ", "")} ${rest}`;
        const record = Object.assign(new AccessRecord(), { headlessLine, headlessClient });
        const line: unknown = JSON.parse(lineOf("json", true, record));
        assert.partialDeepStrictEqual(line, {
          method: jsonTwin(method.replaceAll(" ", "")),
          target: jsonTwin(rest),
          client: jsonTwin(headlessClient),
        });
      }),
    );
  });
});
