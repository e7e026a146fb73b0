// Faults in messages: bodies too large or cut off, answers that break, and requests that two servers could read differently
// (RFC 9112 section 11.2).

import { RawClient } from "../../test/support/raw-client.ts";
import { message } from "../../test/support/requests.ts";
import { type Fault, verdict, type Verdict } from "./fault.ts";
import { holds, type Target } from "./target.ts";

const ANSWER_MS = 3000;
const NOTE_MS = 1000;

interface Seen {
  /** 0: none. */
  readonly status: number;
  readonly body: string;
  readonly isWhole: boolean;
  readonly hasEnded: boolean;
}

const NOTHING: Seen = { status: 0, body: "", isWhole: false, hasEnded: true };

async function send(target: Target, bytes: string, ends = false): Promise<Seen> {
  using client = new RawClient(target.port);
  client.send(bytes);
  if (ends) client.end();
  const answer = await client.response("GET", ANSWER_MS).catch(() => undefined);
  if (answer === undefined) {
    // Its refusal may have a form that the client does not take: what counts is that it refuses.
    const status = /^HTTP\/1\.\d (\d{3})/.exec(client.received.toString("latin1"))?.[1];
    return { ...NOTHING, status: Number(status ?? 0), hasEnded: client.hasEnded };
  }
  await client.ended(NOTE_MS / 2).catch(() => {});
  const { status, body, isWhole } = answer;
  return { status, body: body.toString("latin1"), isWhole, hasEnded: client.hasEnded };
}

function shown({ status, hasEnded }: Seen): string {
  if (status !== 0) return String(status);
  return hasEnded ? "connection ended" : "no answer";
}

/** The application must not run, and the connection must not go on. */
function refused(name: string, title: string, bytes: string): Fault {
  return {
    name,
    title,
    wants: "refused (4xx or 501, or the connection ends); the application does not run",
    put: async (target) => {
      const before = target.notes("smuggled").length;
      const seen = await send(target, bytes);
      const ran = target.notes("smuggled").length - before;
      const isRefusal =
        (seen.status >= 400 && seen.status <= 501) || (seen.status === 0 && seen.hasEnded);
      return verdict(isRefusal && ran === 0, ran > 0 ? `${shown(seen)}, ran` : shown(seen));
    },
  };
}

const HEAD = "POST /smuggled HTTP/1.1\r\nHost: a\r\n";

/** Cut off by FIN: what the application reads must not look like all of it. */
async function truncated(target: Target, head: string, body: string): Promise<Verdict> {
  const before = target.notes("upload").length;
  const seen = await send(target, `POST /upload HTTP/1.1\r\nHost: a\r\n${head}\r\n${body}`, true);
  const believed = await holds(() => target.notes("upload").length > before, NOTE_MS);
  return verdict(!believed, believed ? `read as whole, ${shown(seen)}` : shown(seen));
}

async function variable(target: Target, field: string, name: string): Promise<string> {
  const seen = await send(
    target,
    `GET /variable?name=${name} HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`,
  );
  return seen.status === 200 ? seen.body : "refused";
}

function absent(name: string, title: string, field: string, key: string): Fault {
  return {
    name,
    title,
    wants: "refused, or the application does not see it",
    put: async (target) => {
      const value = await variable(target, field, key);
      return verdict(value === "absent" || value === "refused", value);
    },
  };
}

export const MESSAGE_FAULTS: readonly Fault[] = [
  {
    name: "body-beyond-limit",
    title: "a body of 100 GiB is announced (Content-Length)",
    wants: "413 at once",
    put: async (target) => {
      const seen = await send(
        target,
        `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${100 * 2 ** 30}\r\n\r\n${"x".repeat(1000)}`,
      );
      return verdict(seen.status === 413, shown(seen));
    },
  },
  {
    name: "truncated-upload",
    title: "a body of 1,000 bytes ends after 500",
    wants: "the application does not read it as a whole one",
    put: (target) => truncated(target, "Content-Length: 1000\r\n", "x".repeat(500)),
  },
  {
    name: "truncated-chunks",
    title: "a chunked body ends in the middle of a chunk",
    wants: "the application does not read it as a whole one",
    put: (target) =>
      truncated(target, "Transfer-Encoding: chunked\r\n", `100\r\n${"x".repeat(50)}`),
  },
  {
    name: "broken-answer",
    title: "the application raises in the middle of its answer",
    wants: "the answer does not look whole",
    put: async (target) => {
      const seen = await send(target, message("GET", "/broken"));
      const isWhole = seen.isWhole && seen.status === 200;
      return verdict(!isWhole, isWhole ? "looks whole" : "cut off");
    },
  },
  {
    name: "short-answer",
    title: "the application gives 10 bytes of the 100 that it announced",
    wants: "the connection ends before they look whole",
    put: async (target) => {
      using client = new RawClient(target.port);
      client.send(message("GET", "/short"));
      const answer = await client.response("GET", ANSWER_MS).catch(() => undefined);
      const ended = client.hasEnded;
      const ok = ended && !(answer?.isWhole === true && answer.status === 200);
      return verdict(ok, ended ? "ended" : "left open");
    },
  },
  {
    name: "long-answer",
    title: "the application gives 100 bytes though it announced 10",
    wants: "the next answer of the connection is right, or it ends",
    put: async (target) => {
      using client = new RawClient(target.port);
      client.send(message("GET", "/long"));
      await client.response("GET", ANSWER_MS).catch(() => undefined);
      client.send(message("GET", "/"));
      try {
        const next = await client.response("GET", ANSWER_MS);
        return verdict(next.body.toString().startsWith("Hello"), String(next.status));
      } catch {
        return verdict(client.hasEnded && client.received.length === 0, "ended");
      }
    },
  },
  {
    name: "smuggling-cl-te",
    title: "Content-Length and Transfer-Encoding, a second request behind the last chunk",
    wants: "refused; or Transfer-Encoding counts and the connection ends (RFC 9112 section 6.1)",
    put: async (target) => {
      const second = "GET /smuggled/second HTTP/1.1\r\nHost: a\r\n\r\n";
      const both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
      const seen = await send(target, `${HEAD}${both}0\r\n\r\n${second}`);
      const ranSecond = target.notes("smuggled").includes("/smuggled/second");
      const figure = ranSecond ? `${shown(seen)}, both ran` : shown(seen);
      return verdict(!ranSecond && seen.hasEnded, figure);
    },
  },
  refused(
    "smuggling-two-lengths",
    "two Content-Lengths that differ",
    `${HEAD}Content-Length: 0\r\nContent-Length: 5\r\n\r\nGET /smuggled/second HTTP/1.1\r\nHost: a\r\n\r\n`,
  ),
  refused("smuggling-odd-length", "Content-Length: +5", `${HEAD}Content-Length: +5\r\n\r\nhello`),
  refused(
    "smuggling-odd-coding",
    "Transfer-Encoding: xchunked",
    `${HEAD}Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ),
  refused(
    "smuggling-coding-order",
    "Transfer-Encoding: chunked, identity",
    `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ),
  refused(
    "smuggling-chunk-size",
    "a chunk size of 0x5",
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  ),
  refused(
    "smuggling-chunk-line",
    "a bare LF behind a chunk size",
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
  ),
  refused(
    "smuggling-space-before-colon",
    "a space before the colon of Transfer-Encoding",
    `${HEAD}Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ),
  {
    name: "smuggling-folding",
    title: "a folded field line (obs-fold)",
    wants: "refused, or one value without line ends (RFC 9112 section 5.2)",
    put: async (target) => {
      const value = await variable(target, "X-A: b\r\n Transfer-Encoding: chunked", "HTTP_X_A");
      const isOne = value.startsWith("b") && value.endsWith("chunked") && !/[\r\n]/.test(value);
      return verdict(value === "refused" || isOne, JSON.stringify(value));
    },
  },
  refused(
    "smuggling-bare-cr",
    "a bare CR in a field value",
    `${HEAD}X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello`,
  ),
  refused("smuggling-nul", "a NUL in a field value", `${HEAD}X-A: b\0c\r\n\r\n`),
  refused("missing-host", "HTTP/1.1 without Host", "GET /smuggled HTTP/1.1\r\n\r\n"),
  refused("two-hosts", "two Hosts", "GET /smuggled HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
  absent(
    "underscore-field",
    "X_Forwarded_For, which CGI cannot tell from X-Forwarded-For",
    "X_Forwarded_For: 1.2.3.4",
    "HTTP_X_FORWARDED_FOR",
  ),
  absent("proxy-field", "Proxy, which becomes HTTP_PROXY (httpoxy)", "Proxy: evil", "HTTP_PROXY"),
];
