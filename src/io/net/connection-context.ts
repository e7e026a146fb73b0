// What all connections share: limits, budgets, deadlines, and who is told what. Made once by the server.

import type { Exchange, RequestSink } from "../../core/http/exchange.ts";
import type { FieldNameTable } from "../../core/http/field-names.ts";
import type { Refusal } from "../../core/http/refusal.ts";
import type { RequestLimits } from "../../core/http1/request-parser.ts";
import type { EnvironEncoder } from "../../core/wire/environ.ts";
import type { BodyOptions } from "./body-collector.ts";
import type { DeadlineList } from "./deadlines.ts";
import type { Http1Connection } from "./http1-connection.ts";
import type { PendingRequest } from "./pending-request.ts";
import type { WriterOptions } from "./response-writer.ts";
import type { ReadBuffer } from "./read-buffer.ts";

/** Who is told what happened to requests: the access log, the figures. */
export interface ConnectionObserver {
  /** Once for each request that was whole, answered or not (status 499: its client has gone). */
  exchangeOver(exchange: Exchange, now: number): void;
  /** Once for each request that never was whole, or not acceptable. */
  refused(request: RefusedRequest): void;
  /** Something of our own went wrong: the disk, mostly. */
  failed(what: string, error: Error): void;
}

export interface RefusedRequest {
  /** `clientGone` when nobody is there to read it. */
  readonly refusal: Refusal;
  readonly remoteAddress: string;
  /** Method and target as sent, latin-1; empty when they were not readable. */
  readonly requestLine: string;
  /** Empty when ids are off. */
  readonly id: string;
  /** What came of the body, and the body of the page that was sent. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** The head, if it was whole: of it the minor version and the environ. */
  readonly head: PendingRequest | undefined;
  /** Milliseconds since the head was whole; 0 when it was not. */
  readonly elapsedMs: number;
}

/** One list per kind of waiting (design section 6). */
export interface ConnectionDeadlines {
  readonly head: DeadlineList;
  readonly body: DeadlineList;
  readonly keepAlive: DeadlineList;
  /** In its place once the server is about to end. */
  readonly drainIdle: DeadlineList;
  readonly linger: DeadlineList;
}

export interface ConnectionContext {
  readonly requests: RequestSink;
  readonly limits: RequestLimits;
  readonly names: FieldNameTable;
  /** What each read of each connection writes into. */
  readonly readBuffer: ReadBuffer;
  readonly encoder: EnvironEncoder;
  readonly body: BodyOptions;
  readonly writer: WriterOptions;
  readonly deadlines: ConnectionDeadlines;
  /** Bytes per second; 0 is no minimum. */
  readonly bodyMinRate: number;
  readonly observer: ConnectionObserver;
  /** The server is about to end: answers say `Connection: close`. */
  readonly isDraining: boolean;
  /** Of `deadlines`, for a connection that is idle from now on. Who was not told to leave, since its answer had begun by then, may come again. */
  readonly idle: DeadlineList;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** For a request whose head could not be read; empty when ids are off. */
  newRequestId(): string;
  onClosed(connection: Http1Connection): void;
}
