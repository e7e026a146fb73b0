// What a line of the access log can say of one request, whichever way it ended. One record, filled anew for each request, so that
// logging allocates no object. Knows no format.

import { NOT_STARTED } from "../dispatch/request.ts";
import type { Exchange, Outcome, WholeRequest } from "../http/exchange.ts";

/** A time that is not known, or has no meaning for this request. */
export const NO_TIME = -1;

export type LoggedHead = Pick<
  WholeRequest,
  | "environ"
  | "idStart"
  | "idEnd"
  | "method"
  | "targetAt"
  | "agentAt"
  | "referrerAt"
  | "minorVersion"
>;

export interface RefusedFacts {
  readonly refusal: { readonly status: number; readonly code: Outcome };
  /** Of the connection: with a head, that one's environ tells the client's. */
  readonly remoteAddress: string;
  readonly requestLine: string;
  readonly id: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly head: LoggedHead | undefined;
  readonly elapsedMs: number;
}

export class AccessRecord {
  /** When it was over, milliseconds since 1970. */
  epochMs = 0;
  status = 0;
  outcome: Outcome = "";
  bytesIn = 0;
  bytesOut = 0;
  /** From the whole head to the whole body; then until the application began; its run; all of it together. */
  receiveMs = NO_TIME;
  queueMs = NO_TIME;
  appMs = NO_TIME;
  totalMs = 0;
  /** 0: no worker had it. */
  pid = 0;
  /** Undefined when the head was not whole. */
  head: LoggedHead | undefined = undefined;
  /** Only without a head. Latin-1 as sent: method, space, target. Empty when no line could be read. */
  headlessLine = "";
  /** Only without a head. */
  headlessId = "";
  /** Only without a head. Empty behind a Unix socket. */
  headlessClient = "";

  /** `now`, when it was over, and the exchange's times are of the monotonic clock, `epochMs` is the wall's. */
  setExchange(exchange: Exchange, now: number, epochMs: number): void {
    const { request, receivedAt, startedAt, runMs } = exchange;
    this.epochMs = epochMs;
    this.status = exchange.status;
    this.outcome = exchange.outcome;
    this.bytesIn = request.body?.length ?? 0;
    this.bytesOut = exchange.bytesSent;
    const beganAt = request.headAt === 0 ? receivedAt : request.headAt;
    this.receiveMs = receivedAt - beganAt;
    this.totalMs = now - beganAt;
    this.pid = exchange.workerPid;
    this.head = request;
    if (runMs > 0) {
      // The front does not see when a worker begins, but when its END came: maybe behind the answer, after close(). The ways between the
      // processes count as waiting.
      const beganRunAt = Math.min(now, exchange.answeredAt - runMs);
      this.queueMs = Math.max(0, beganRunAt - receivedAt);
      this.appMs = now - receivedAt - this.queueMs;
    } else if (startedAt === NOT_STARTED) {
      this.appMs = NO_TIME;
      this.queueMs = now - receivedAt;
    } else {
      this.appMs = now - startedAt;
      this.queueMs = Math.max(0, startedAt - receivedAt);
    }
  }

  setRefused(facts: RefusedFacts, epochMs: number): void {
    this.epochMs = epochMs;
    this.status = facts.refusal.status;
    this.outcome = facts.refusal.code;
    this.bytesIn = facts.bytesReceived;
    this.bytesOut = facts.bytesSent;
    this.receiveMs = facts.elapsedMs;
    this.queueMs = NO_TIME;
    this.appMs = NO_TIME;
    this.totalMs = facts.elapsedMs;
    this.pid = 0;
    this.head = facts.head;
    this.headlessLine = facts.requestLine;
    this.headlessId = facts.id;
    this.headlessClient = facts.remoteAddress;
  }
}
