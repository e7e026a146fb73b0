// A request whose head was read and whose body may still be coming: what must be kept of the head, since the parser reuses it.
// Becomes an Exchange when it is whole.

import { Exchange, type AnswerSink } from "../../core/http/exchange.ts";
import { latin1Of, type RequestHead } from "../../core/http/request-head.ts";
import { routeOf } from "../../core/dispatch/route.ts";
import { EnvironEncoder } from "../../core/wire/environ.ts";
import { requestFrameBytes } from "../../core/wire/request-writer.ts";
import type { BodyCollector } from "./body-collector.ts";
import type { ConnectionContext } from "./connection-context.ts";

/** Room behind an environ for the CONTENT_LENGTH of a chunked body and the end of the dict. */
const FINISH_BYTES = 64;
/** A body may be slow for this long before its rate is judged: a congested link needs a moment to get going. */
const RATE_GRACE_MS = 5000;

export class PendingRequest {
  body: BodyCollector | undefined;
  isWhole = false;
  readonly isHead: boolean;
  readonly requestLine: string;
  readonly #isSafe: boolean;
  readonly #minorVersion: number;
  readonly #keepAlive: boolean;
  readonly #isChunked: boolean;
  readonly #route: number;
  readonly #environ: Buffer;
  #environLength: number;
  /** Only of one with a body. */
  readonly #startedAt: number;

  constructor(head: RequestHead, connectionEnviron: Uint8Array, context: ConnectionContext) {
    this.isHead = head.isHead;
    this.#isSafe = head.isSafe;
    this.#minorVersion = head.minorVersion;
    this.#keepAlive = head.keepAlive;
    this.#isChunked = head.contentLength === -1;
    this.#route = routeOf(head);
    this.requestLine = textOf(head.bytes, head.methodStart, head.targetEnd);
    this.#startedAt = head.contentLength === 0 ? 0 : context.now();
    const { encoder } = context;
    const length = encoder.encode(head, connectionEnviron);
    if (this.#isChunked) {
      this.#environ = Buffer.allocUnsafe(length + FINISH_BYTES);
      this.#environ.set(encoder.bytes.subarray(0, length), 0);
      this.#environLength = length;
    } else {
      this.#environLength = encoder.finish(length, -1);
      this.#environ = Buffer.allocUnsafe(this.#environLength);
      this.#environ.set(encoder.bytes.subarray(0, this.#environLength), 0);
    }
  }

  /** Less than `bytesPerSecond` on the whole, after a grace time; 0 is never too slow. */
  isTooSlow(now: number, bytesPerSecond: number): boolean {
    const elapsedMs = now - this.#startedAt;
    if (elapsedMs < RATE_GRACE_MS) return false;
    return (this.body?.length ?? 0) < (bytesPerSecond * elapsedMs) / 1000;
  }

  toExchange(sink: AnswerSink, remoteAddress: string, now: number): Exchange {
    const bodyLength = this.body?.length ?? 0;
    if (this.#isChunked) {
      this.#environLength = EnvironEncoder.finishInto(
        this.#environ,
        this.#environLength,
        bodyLength,
      );
    }
    const path = this.body?.path;
    const frameBody = path === undefined ? bodyLength : Buffer.byteLength(path);
    return new Exchange({
      route: this.#route,
      isSafe: this.#isSafe,
      frameBytes: requestFrameBytes(this.#environLength, frameBody),
      sink,
      environ: this.#isChunked ? this.#environ.subarray(0, this.#environLength) : this.#environ,
      body: this.body,
      isHead: this.isHead,
      isChunked: this.#isChunked,
      minorVersion: this.#minorVersion,
      keepAlive: this.#keepAlive,
      requestLine: this.requestLine,
      remoteAddress,
      receivedAt: now,
    });
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return bytes instanceof Buffer
    ? bytes.toString("latin1", start, end)
    : latin1Of(bytes, start, end);
}
