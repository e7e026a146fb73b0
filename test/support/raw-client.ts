// A client that sends bytes as they are and reads answers without forgiving anything: what tests of a server need and http clients hide.

import { connect, type Socket } from "node:net";
import { deadlineIn } from "./server.ts";

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

const DEFAULT_DEADLINE_MS = 15_000;

export class RawClient implements Disposable {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #receivedBytes = 0;
  #hasEnded = false;
  #isClosed = false;
  #error: NodeJS.ErrnoException | undefined;
  #wake: (() => void) | undefined;

  /** `target` as `net.connect` takes it: a port of 127.0.0.1, the path of a Unix socket, or host and port. */
  constructor(target: number | string | { readonly host: string; readonly port: number }) {
    const options = { allowHalfOpen: true, noDelay: true };
    this.socket = connect({ ...addressOf(target), ...options });
    this.socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#receivedBytes += chunk.length;
      this.#wake?.();
    });
    this.socket.on("end", () => {
      this.#hasEnded = true;
      this.#wake?.();
    });
    this.socket.on("error", (error) => {
      this.#error = error;
    });
    this.socket.on("drain", () => {
      this.#wake?.();
    });
    this.socket.on("close", () => {
      this.#hasEnded = true;
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  /** The server has ended its side (or reset). */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** ECONNRESET and its like. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.#error;
  }

  /** Everything that came and was not taken by `response()`. */
  get received(): Buffer {
    const [first = Buffer.alloc(0), second] = this.#chunks;
    if (second === undefined) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  /** How much of it there is. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Every byte in a segment of its own, as far as the kernel keeps them apart. */
  async dribble(bytes: string | Uint8Array): Promise<void> {
    const all = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    for (let at = 0; at < all.length; at++) {
      this.socket.write(all.subarray(at, at + 1));
      // Now and then the server gets a turn: else nearly all would be read at once.
      if (at % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** FIN: nothing more will be sent. */
  end(): void {
    this.socket.end();
  }

  /** RST: nothing more will be sent or read. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Reads nothing until `resume()`. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** The next response. `method` HEAD: it has no body. Interim responses (1xx) count as responses without body. */
  async response(method = "GET", deadlineMs?: number): Promise<RawResponse> {
    let needed = 0;
    return this.#until(
      "a response",
      () => {
        // A long body is not looked through again for each of its segments.
        if (this.#receivedBytes < needed && !this.#hasEnded) return undefined;
        const bytes = this.received;
        const parsed = parseResponse(bytes, method, this.#hasEnded);
        if (typeof parsed !== "number") {
          const rest = bytes.subarray(parsed.length);
          this.#chunks = rest.length === 0 ? [] : [rest];
          this.#receivedBytes = rest.length;
          return parsed.response;
        }
        if (this.#hasEnded) {
          throw new Error(`the connection ended without a response: ${this.#describe()}`);
        }
        needed = parsed;
        return undefined;
      },
      deadlineMs,
    );
  }

  /** Resolves when the server has ended its side. */
  async ended(deadlineMs?: number): Promise<void> {
    await this.#until("the end of the connection", () => this.#hasEnded, deadlineMs);
  }

  /** Resolves when at least `count` bytes wait to be taken. */
  async bytes(count: number, deadlineMs?: number): Promise<void> {
    await this.#until(`${count} bytes`, () => this.#receivedBytes >= count, deadlineMs);
  }

  /** Resolves when the connection is gone altogether: both sides ended, or one reset. */
  async closed(deadlineMs?: number): Promise<void> {
    await this.#until("the close of the connection", () => this.#isClosed, deadlineMs);
  }

  /** Polls nothing: `condition` is asked again whenever something came. */
  async #until<T>(
    what: string,
    condition: () => T | undefined | false,
    deadlineMs: number = DEFAULT_DEADLINE_MS,
  ): Promise<T> {
    const deadline = deadlineIn(deadlineMs);
    for (;;) {
      const found = condition();
      if (found !== undefined && found !== false) return found;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`waited in vain for ${what}: ${this.#describe()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  #describe(): string {
    const start = JSON.stringify(this.received.toString("latin1", 0, 300));
    return `${this.#receivedBytes} bytes: ${start}, error: ${String(this.#error)}`;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own; reads one response. */
export async function rawRequest(
  target: number | string | { readonly host: string; readonly port: number },
  bytes: string | Uint8Array,
  method?: string,
): Promise<RawResponse> {
  using client = new RawClient(target);
  client.send(bytes);
  return await client.response(method);
}

function addressOf(
  target: number | string | { readonly host: string; readonly port: number },
): { path: string } | { host: string; port: number } {
  if (typeof target === "string") return { path: target };
  return typeof target === "number" ? { host: "127.0.0.1", port: target } : target;
}

/** The response that `bytes` begins with, and its length; or how many bytes it has at least. */
function parseResponse(
  bytes: Buffer,
  method: string,
  isOver: boolean,
): { response: RawResponse; length: number } | number {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return bytes.length + 1;
  const head = bytes.toString("latin1", 0, headEnd);
  const [statusLine = "", ...lines] = head.split("\r\n");
  const found = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(statusLine);
  if (found === null) throw new Error(`not a status line: ${statusLine}`);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/.test(line)) throw new Error(`not a field line: ${line}`);
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
  const coding = fields.get("transfer-encoding");
  const lengthText = fields.get("content-length");
  if (coding !== undefined) {
    if (coding !== "chunked" || lengthText !== undefined) throw new Error(`bad framing: ${head}`);
    const decoded = decodeChunked(bytes, start);
    if (decoded.end !== -1) return answer(decoded.body, decoded.end, true);
    return isOver ? answer(decoded.body, bytes.length, false) : bytes.length + 1;
  }
  if (lengthText !== undefined) {
    if (!/^\d+$/.test(lengthText)) throw new Error(`bad Content-Length: ${lengthText}`);
    const end = start + Number(lengthText);
    if (bytes.length >= end) return answer(bytes.subarray(start, end), end, true);
    return isOver ? answer(bytes.subarray(start), bytes.length, false) : end;
  }
  return isOver ? answer(bytes.subarray(start), bytes.length, true) : bytes.length + 1;
}

/** `end` is -1 when the last chunk is not there. */
function decodeChunked(bytes: Buffer, start: number): { body: Buffer; end: number } {
  const pieces: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return { body: Buffer.concat(pieces), end: -1 };
    const sizeText = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-f]+$/.test(sizeText)) throw new Error(`bad chunk size: ${sizeText}`);
    const size = Number.parseInt(sizeText, 16);
    const next = lineEnd + 2 + size;
    if (size === 0) {
      const isThere = bytes.toString("latin1", lineEnd + 2, lineEnd + 4) === "\r\n";
      return { body: Buffer.concat(pieces), end: isThere ? lineEnd + 4 : -1 };
    }
    pieces.push(bytes.subarray(lineEnd + 2, Math.min(next, bytes.length)));
    if (bytes.length < next + 2) return { body: Buffer.concat(pieces), end: -1 };
    if (bytes.toString("latin1", next, next + 2) !== "\r\n") throw new Error("chunk without CRLF");
    at = next + 2;
  }
}
