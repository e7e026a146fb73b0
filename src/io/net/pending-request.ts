// A request whose head was read and whose body may still be coming: what must be kept of the head, since the parser reuses it.
// When it is whole, it is what an Exchange is made for.

import type { WholeRequest } from "../../core/http/exchange.ts";
import { requestLineOf } from "../../core/http/request-facts.ts";
import type { RequestHead } from "../../core/http/request-head.ts";
import { routeOf } from "../../core/dispatch/route.ts";
import { EnvironEncoder } from "../../core/wire/environ.ts";
import type { RequestTrace } from "../../core/wire/request-trace.ts";
import { requestFrameBytes } from "../../core/wire/request-writer.ts";
import type { BodyCollector } from "./body-collector.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { RequestOrigin } from "./connection-origin.ts";

/** A body may be slow for this long before its rate is judged: a congested link needs a moment to get going. */
const RATE_GRACE_MS = 5000;

export class PendingRequest implements WholeRequest {
  body: BodyCollector | undefined;
  isWhole = false;
  readonly route: number;
  readonly isSafe: boolean;
  readonly isHead: boolean;
  readonly isChunked: boolean;
  readonly minorVersion: number;
  readonly keepAlive: boolean;
  readonly method: string;
  readonly targetAt: number;
  readonly agentAt: number;
  readonly referrerAt: number;
  readonly idStart: number;
  readonly idEnd: number;
  readonly headAt: number;
  /** Complete when the request is; of a chunked one, the value of CONTENT_LENGTH is missing until then. */
  environ: Uint8Array;
  frameBytes = 0;
  readonly #trace: RequestTrace | undefined;
  readonly #startAt: number;
  /** Behind its head. Whole ones: no object of its own. */
  #uncountedMs = 0;

  constructor(
    head: RequestHead,
    origin: RequestOrigin,
    context: Pick<ConnectionContext, "encoder" | "now">,
  ) {
    this.route = routeOf(head);
    this.isSafe = head.isSafe;
    this.isHead = head.isHead;
    this.isChunked = head.contentLength === -1;
    this.minorVersion = head.minorVersion;
    this.keepAlive = head.keepAlive;
    this.headAt = head.contentLength === 0 ? 0 : context.now();
    const { encoder } = context;
    const length = encoder.encode(head, origin.environ, origin.hasHost, this.isChunked);
    this.method = encoder.method;
    this.targetAt = encoder.targetAt;
    this.agentAt = encoder.agentAt;
    this.referrerAt = encoder.referrerAt;
    const { trace } = encoder;
    this.#trace = trace;
    this.idStart = trace?.idStart ?? 0;
    this.idEnd = trace?.idEnd ?? 0;
    this.#startAt = trace?.startAt ?? 0;
    this.environ = Buffer.allocUnsafe(length);
    this.environ.set(encoder.bytes.subarray(0, length), 0);
  }

  /** Made when it is asked for: few requests ever are. */
  get requestLine(): string {
    return requestLineOf(this);
  }

  /** The time until now was not its client's. */
  countFrom(now: number): void {
    this.#uncountedMs = Math.round(now - this.headAt);
  }

  /** Less than `bytesPerSecond` on the whole, after a grace time; 0 is never too slow. */
  isTooSlow(now: number, bytesPerSecond: number): boolean {
    const elapsedMs = now - this.headAt - this.#uncountedMs;
    if (elapsedMs < RATE_GRACE_MS) return false;
    return (this.body?.length ?? 0) < (bytesPerSecond * elapsedMs) / 1000;
  }

  /** The body is all there, and stored. */
  complete(): WholeRequest {
    const { body } = this;
    const bodyLength = body?.length ?? 0;
    if (this.isChunked) this.environ = EnvironEncoder.withContentLength(this.environ, bodyLength);
    if (body !== undefined) this.#trace?.stamp(this.environ, this.#startAt);
    const sent = body?.path === undefined ? bodyLength : Buffer.byteLength(body.path);
    this.frameBytes = requestFrameBytes(this.environ.length, sent);
    return this;
  }
}
