// One request being answered: the seam between the network side, which makes it, and the workers' side, which answers it.
// Holds what both need and nothing of how either works: no socket, no worker.

import { DispatchedRequest } from "../dispatch/request.ts";
import type { RequestState } from "../wire/state.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";

/** A part of an answer as it came from a worker: ranges in `bytes`, valid only during the call. */
export interface AnswerPart {
  readonly bytes: Uint8Array;
  readonly pieceStart: number;
  readonly pieceEnd: number;
  /** `bytes` are read after the call too, until what this returns is called: to be called in it, or they are overwritten. */
  keep(): () => void;
}

/** The first part of an answer: the validated header block and the facts that the server needs of it. */
export interface AnswerHead extends AnswerPart {
  readonly status: number;
  readonly headStart: number;
  readonly headEnd: number;
  /** ANSWER_FLAG bits (docs/protocol.md section 1). */
  readonly flags: number;
  /** The application's Content-Length; -1 when it gave none. */
  readonly contentLength: number;
  /** Body bytes of the frame that carries this head: more pieces than the one at hand may follow. */
  readonly frameBodyBytes: number;
}

/** Room for one body, in memory that workers have too. */
export interface SharedSlot {
  readonly bytes: Buffer;
  /** Who holds it writes here no more, and needs nothing that was written. */
  letGo(): void;
}

/** A request's body: pieces in memory, or the path of a file. Whoever answers disposes of it when the exchange is over. */
export interface StoredBody {
  readonly length: number;
  /** Where all of it lies too, if that is somewhere where workers can read it. */
  readonly slot: SharedSlot | undefined;
  readonly pieces: readonly Uint8Array[];
  readonly path: string | undefined;
  dispose(): void;
}

/** Where an answer goes: a connection. After `answerEnded` or the last `answerRefused` nothing more comes for this exchange. */
export interface AnswerSink {
  /** `isComplete`: the body is whole with the piece that comes with the head. */
  answerBegan(exchange: Exchange, head: AnswerHead, isComplete: boolean): void;
  /** `isComplete`: this piece is the last. */
  answerContinued(exchange: Exchange, part: AnswerPart, isComplete: boolean): void;
  /** The worker is done. `isBroken`: what was sent so far must not look like a whole answer. */
  answerEnded(exchange: Exchange, isBroken: boolean): void;
  /** The server answers this. One that is in a worker's hands, and takes too long there, ends later: by `answerEnded`, or by this once more. */
  answerRefused(exchange: Exchange, refusal: Refusal): void;
  /** Its client has sent FIN and nobody began it: nobody will. */
  answerAbandoned(exchange: Exchange): void;
}

/** Who has requests answered: the pool of workers. */
export interface RequestSink {
  /** Takes the request; what follows comes to `exchange.sink`, perhaps before this returns. */
  submit(exchange: Exchange): void;
  /** The client has sent FIN (`isReset` false: it may still read) or is gone for good. */
  clientLeft(exchange: Exchange, isReset: boolean): void;
  /** The client reads too slowly (`isHeld`), or caught up. */
  hold(exchange: Exchange, isHeld: boolean): void;
}

/** What the form of an answer depends on. */
export interface Answerable {
  readonly isHead: boolean;
  readonly minorVersion: number;
}

/** A whole request, as the network side hands it over: what the workers' side and the logs need of it. */
export interface WholeRequest extends Answerable {
  /** 32-bit hash of method and folded path. */
  readonly route: number;
  /** RFC 9110 section 9.2.1. */
  readonly isSafe: boolean;
  /** As sent. */
  readonly method: string;
  /** Where in `environ` the values of REQUEST_URI, HTTP_USER_AGENT and HTTP_REFERER lie (core/wire/environ-lookup.ts); 0: nowhere. */
  readonly targetAt: number;
  readonly agentAt: number;
  readonly referrerAt: number;
  /** Where its id lies in `environ`, behind `HTTP_X_REQUEST_ID`; an empty range when ids are off. */
  readonly idStart: number;
  readonly idEnd: number;
  /** When its head was whole, if a body followed; 0 when none did. */
  readonly headAt: number;
  /** The body came chunked. */
  readonly isChunked: boolean;
  /** The connection may carry another request after this one. */
  readonly keepAlive: boolean;
  /** Method and request target as sent, latin-1: for logs. */
  readonly requestLine: string;
  /** The environ in marshal format, complete. */
  readonly environ: Uint8Array;
  /** Undefined when there is none. */
  readonly body: StoredBody | undefined;
  /** What it costs on a channel. */
  readonly frameBytes: number;
}

/**
 * For logs: empty when the application answered and the client was sent all of it, as far as it was there. `answerBroken`: the application
 * failed behind the head. `sendTimeout`: its client took nothing of it. `serverStopped`: the server ended before it was over.
 */
export type Outcome = "" | RefusalCode | "answerBroken" | "sendTimeout" | "serverStopped";

export class Exchange extends DispatchedRequest {
  readonly route: number;
  readonly isSafe: boolean;
  readonly frameBytes: number;
  readonly request: WholeRequest;
  readonly sink: AnswerSink;

  /** Times in milliseconds of the monotonic clock. */
  readonly receivedAt: number;
  /** What the worker has said of it so far. */
  answerState: RequestState = "sent";
  /** What the answer's Content-Length leaves for the pieces to come. */
  bodyLeft = Infinity;
  /** The client has sent FIN, and may still read. */
  hasClientEnded = false;
  /** When the newest part of the answer came, its END included; 0 before. */
  answeredAt = 0;
  /** The worker's own measurement; 0 until it is over. */
  runMs = 0;
  /** The process that it was sent to last; 0 for none. */
  workerPid = 0;
  status = 0;
  bytesSent = 0;
  /** Of --health-path, and none of the application's. */
  isProbe = false;
  /** Why it was not answered, or not to its end: see Outcome. */
  outcome: Outcome = "";

  constructor(request: WholeRequest, sink: AnswerSink, receivedAt: number) {
    super();
    this.route = request.route;
    this.isSafe = request.isSafe;
    this.frameBytes = request.frameBytes;
    this.request = request;
    this.sink = sink;
    this.receivedAt = receivedAt;
  }
}
