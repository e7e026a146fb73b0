// A client that sends bytes as they are and reads answers without forgiving anything: what tests of a server need and http clients hide.

import { connect, type Socket } from "node:net";
import { waitFor } from "./server.ts";

export interface RawResponse {
  readonly status: number;
  readonly reason: string;
  /** Lower-case names; repeated ones joined with ", ". */
  readonly fields: ReadonlyMap<string, string>;
  readonly head: string;
  readonly body: Buffer;
  /** The body ended as its framing says; false when the connection ended first. */
  readonly isWhole: boolean;
}

export class RawClient implements Disposable {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #hasEnded = false;
  #error: Error | undefined;

  /** `target` as `net.connect` takes it: a port of 127.0.0.1, or the path of a Unix socket. */
  constructor(target: number | string) {
    const options = { allowHalfOpen: true, noDelay: true };
    this.socket =
      typeof target === "string"
        ? connect({ path: target, ...options })
        : connect({ port: target, host: "127.0.0.1", ...options });
    this.socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.socket.on("end", () => {
      this.#hasEnded = true;
    });
    this.socket.on("error", (error) => {
      this.#error = error;
    });
    this.socket.on("close", () => {
      this.#hasEnded = true;
    });
  }

  /** The server has ended its side (or reset). */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** ECONNRESET and its like. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Everything that came and was not taken by `response()`. */
  get received(): Buffer {
    return this.#received;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** FIN: nothing more will be sent. */
  end(): void {
    this.socket.end();
  }

  /** The next response. `method` HEAD: it has no body. Interim responses (1xx) count as responses without body. */
  async response(method = "GET", deadlineMs?: number): Promise<RawResponse> {
    return waitFor(
      `a response (received so far: ${JSON.stringify(this.#received.toString("latin1").slice(0, 300))})`,
      () => {
        const parsed = parseResponse(this.#received, method, this.#hasEnded);
        if (parsed === undefined && this.#hasEnded) {
          throw new Error(
            `the connection ended without a response: ${String(this.#error)} ${JSON.stringify(this.#received.toString("latin1"))}`,
          );
        }
        if (parsed === undefined) return undefined;
        this.#received = this.#received.subarray(parsed.length);
        return parsed.response;
      },
      deadlineMs,
    );
  }

  /** Resolves when the server has ended its side. */
  async ended(deadlineMs?: number): Promise<void> {
    await waitFor("the end of the connection", () => this.#hasEnded, deadlineMs);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own; reads one response. */
export async function rawRequest(
  target: number | string,
  bytes: string | Uint8Array,
  method?: string,
): Promise<RawResponse> {
  using client = new RawClient(target);
  client.send(bytes);
  return await client.response(method);
}

function parseResponse(
  bytes: Buffer,
  method: string,
  isOver: boolean,
): { response: RawResponse; length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const [statusLine = "", ...lines] = head.split("\r\n");
  const found = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine);
  if (found === null) throw new Error(`not a status line: ${statusLine}`);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  const status = Number(found[1]);
  const start = headEnd + 4;
  const answer = (body: Buffer, end: number, isWhole: boolean) => ({
    response: { status, reason: found[2] ?? "", fields, head, body, isWhole },
    length: end,
  });
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) {
    return answer(Buffer.alloc(0), start, true);
  }
  if (fields.get("transfer-encoding") === "chunked") {
    const decoded = decodeChunked(bytes, start);
    if (decoded.end !== -1) return answer(decoded.body, decoded.end, true);
    return isOver ? answer(decoded.body, bytes.length, false) : undefined;
  }
  const lengthText = fields.get("content-length");
  if (lengthText !== undefined) {
    const end = start + Number(lengthText);
    if (bytes.length >= end) return answer(bytes.subarray(start, end), end, true);
    return isOver ? answer(bytes.subarray(start), bytes.length, false) : undefined;
  }
  return isOver ? answer(bytes.subarray(start), bytes.length, true) : undefined;
}

/** `end` is -1 when the last chunk is not there. */
function decodeChunked(bytes: Buffer, start: number): { body: Buffer; end: number } {
  const pieces: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return { body: Buffer.concat(pieces), end: -1 };
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size;
    if (size === 0) {
      const isThere = bytes.toString("latin1", lineEnd + 2, lineEnd + 4) === "\r\n";
      return { body: Buffer.concat(pieces), end: isThere ? lineEnd + 4 : -1 };
    }
    pieces.push(bytes.subarray(lineEnd + 2, Math.min(next, bytes.length)));
    if (bytes.length < next + 2) return { body: Buffer.concat(pieces), end: -1 };
    at = next + 2;
  }
}
