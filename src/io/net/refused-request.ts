// What is said, to clients and to logs, of requests that the application did not answer: pages, and facts gathered from as much as came.

import { pageFacts, requestIdOf } from "../../core/http/request-facts.ts";
import type { Exchange, WholeRequest } from "../../core/http/exchange.ts";
import { REFUSALS, type Refusal } from "../../core/http/refusal.ts";
import { refusalPage, type RefusalPage } from "../../core/http1/refusal-page.ts";
import type { ConnectionContext, RefusedRequest } from "./connection-context.ts";
import type { RequestIntake } from "./request-intake.ts";

/** Why a connection ends under what it carries, and the status that logs show for a request that was not answered; never on the wire. */
const CUT_STATUS = {
  clientGone: REFUSALS.clientGone.status,
  sendTimeout: REFUSALS.clientGone.status,
  answerBroken: REFUSALS.applicationError.status,
  serverStopped: REFUSALS.draining.status,
} as const;
export type Cut = keyof typeof CUT_STATUS;

/** The socket closed under `exchange`. */
export function markCut(exchange: Exchange, cut: Cut, hasBegunAnswer: boolean): void {
  exchange.outcome = cut;
  if (!hasBegunAnswer) exchange.status = CUT_STATUS[cut];
}

/** A connection that is turned away before it could send a request. */
export function turnedAway(refusal: Refusal, remoteAddress: string): RefusedRequest {
  const nothing = { requestLine: "", id: "", bytesReceived: 0, bytesSent: 0, elapsedMs: 0 };
  return { ...nothing, refusal, remoteAddress, head: undefined };
}

export class RefusedRequests {
  readonly #context: ConnectionContext;
  readonly #intake: RequestIntake;

  constructor(context: ConnectionContext, intake: RequestIntake) {
    this.#context = context;
    this.#intake = intake;
  }

  /** Tells the observer, and returns the page for the client: the last answer of its connection. */
  refuse(refusal: Refusal): Uint8Array {
    const { isHead, accept } = this.#intake;
    const id = this.#id();
    const { own } = this.#context.writer.clock;
    const facts = { isHead, minorVersion: 1, accept, keepAlive: false };
    const page: RefusalPage = refusalPage(refusal, { ...facts, id, own });
    this.#tell(refusal, id, page.bodyBytes);
    return page.bytes;
  }

  /** Of a request that is not whole and never will be: nobody is there to be told, but the observer is. */
  cutShort(cut: Cut): void {
    if (!this.#intake.isCutShort) return;
    this.#tell(cut === "serverStopped" ? REFUSALS.draining : REFUSALS.clientGone, this.#id(), 0);
  }

  /** For a request that was whole. */
  pageFor(refusal: Refusal, request: WholeRequest, keepAlive: boolean): RefusalPage {
    const { own } = this.#context.writer.clock;
    const id = requestIdOf(request);
    return refusalPage(refusal, { ...pageFacts(request), id, keepAlive, own });
  }

  #id(): string {
    const { pending } = this.#intake;
    return pending === undefined ? this.#context.newRequestId() : requestIdOf(pending);
  }

  #tell(refusal: Refusal, id: string, bytesSent: number): void {
    const { pending: head, remoteAddress, requestLine } = this.#intake;
    const headAt = head?.headAt ?? 0;
    this.#context.observer.refused({
      refusal,
      remoteAddress,
      requestLine,
      id,
      bytesReceived: head?.body?.length ?? 0,
      bytesSent,
      head,
      elapsedMs: headAt === 0 ? 0 : this.#context.now() - headAt,
    });
  }
}
