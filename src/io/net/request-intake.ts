// The reading half of a connection: bytes in, whole requests out, one at a time. Keeps the parser, the body that is still coming and the
// deadlines of head and body. Knows nothing of answers; the socket only as something that can be paused.

import type { WholeRequest } from "../../core/http/exchange.ts";
import { pageFacts } from "../../core/http/request-facts.ts";
import { REFUSALS, type Refusal } from "../../core/http/refusal.ts";
import { fieldText, latin1Of } from "../../core/http/request-head.ts";
import { PARSED, RequestParser } from "../../core/http1/request-parser.ts";
import { BodyCollector } from "./body-collector.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { ConnectionOrigin } from "./connection-origin.ts";
import { clearDeadline, type Waiter } from "./deadlines.ts";
import { PendingRequest } from "./pending-request.ts";
import type { ReadBuffer } from "./read-buffer.ts";

/** Fewer bytes are copied in less time than it takes to make a view. */
const LEAST_ROOM_BYTES = 8 * 1024;
/** Bytes behind the request being answered stay in the kernel above this (design section 2.1). */
const MAX_BUFFERED_BYTES = 32 * 1024;

export interface IntakeEvents {
  /** The client waits for 100 Continue before it sends its body (RFC 9110 section 10.1.1). */
  onContinueWanted(): void;
  /** This cannot become a request; nothing more will be read. */
  onRefused(refusal: Refusal): void;
  /** A body that went to a file is whole, or may go on: call `next()` again. */
  onStored(): void;
  /** Stop reading from the socket, or go on. */
  onPause(isPaused: boolean): void;
}

export interface Source {
  /** What was read belongs to it: see `keepRest`. */
  readonly reader: Pick<ReadBuffer, "keep">;
  readonly origin: ConnectionOrigin;
}

/** What it needs of what all connections share. */
export type IntakeContext = Pick<
  ConnectionContext,
  "body" | "bodyMinRate" | "deadlines" | "encoder" | "limits" | "names" | "now" | "observer"
>;

export class RequestIntake {
  readonly #context: IntakeContext;
  readonly #waiter: Waiter;
  readonly #events: IntakeEvents;
  readonly #parser: RequestParser;
  readonly #origin: ConnectionOrigin;
  readonly #reader: Source["reader"];
  #pending: PendingRequest | undefined;
  #isOver = false;

  /** `waiter` is who is told when a deadline passes. */
  constructor(context: IntakeContext, waiter: Waiter, source: Source, events: IntakeEvents) {
    this.#context = context;
    this.#waiter = waiter;
    this.#reader = source.reader;
    this.#origin = source.origin;
    this.#events = events;
    this.#parser = new RequestParser(context.limits, context.names);
  }

  /** No byte of a further request has come. */
  get isBetweenRequests(): boolean {
    return this.#pending === undefined && this.#parser.isBetweenRequests;
  }

  /** Nor does one wait until the client has taken what it was answered before. */
  get isEmpty(): boolean {
    return this.isBetweenRequests && this.bufferedBytes === 0;
  }

  get bufferedBytes(): number {
    return this.#parser.bufferedBytes;
  }

  /** What follows should stay in the kernel while a request is answered: once the memory of all is used up, everything. */
  get isFull(): boolean {
    const { bufferedBytes } = this;
    if (bufferedBytes === 0) return false;
    return bufferedBytes > MAX_BUFFERED_BYTES || this.#context.body.memory.isExhausted;
  }

  /** The request whose head was read and whose body is still coming. */
  get pending(): PendingRequest | undefined {
    return this.#pending;
  }

  /** Of the connection: a trusted proxy may tell of another client, which is in the environ then. */
  get remoteAddress(): string {
    return this.#origin.own.remoteAddress;
  }

  /** Of the request that is being read, as far as is known. */
  get requestLine(): string {
    if (this.#pending !== undefined) return this.#pending.requestLine;
    const { bytes, methodStart, targetEnd } = this.#parser.head;
    return targetEnd > methodStart ? latin1Of(bytes, methodStart, targetEnd) : "";
  }

  /** The request that is being read is a HEAD, as far as is known. */
  get isHead(): boolean {
    return this.#pending?.isHead ?? this.#parser.head.isHead;
  }

  /** The form of page that its client wants, as far as is known: fields behind the one that was refused are not. */
  get accept(): string {
    if (this.#pending !== undefined) return pageFacts(this.#pending).accept;
    const { head } = this.#parser;
    return head.targetEnd > head.methodStart ? fieldText(head, "accept") : "";
  }

  /** Something of a request came, and neither an answer nor a refusal will follow if nothing more comes. */
  get isCutShort(): boolean {
    return !this.#isOver && (this.#pending !== undefined || !this.#parser.isBetweenRequests);
  }

  /** `keepRest` has to follow before `chunk` is overwritten. */
  push(chunk: Uint8Array): void {
    this.#parser.push(chunk);
  }

  /** The chunk that was pushed last is about to be overwritten. */
  keepRest(): void {
    this.#parser.keep(this.#reader);
  }

  /** Where what comes next should be written, for once; undefined: wherever it suits. See `BodyCollector.room`. */
  room(): Buffer | undefined {
    const body = this.#isOver ? undefined : this.#pending?.body;
    if (body === undefined) return undefined;
    const most = this.#parser.bodyBytesToRead;
    return most < LEAST_ROOM_BYTES ? undefined : body.room(most);
  }

  /** The next whole request; undefined when bytes are missing, or after a refusal. */
  next(): WholeRequest | undefined {
    if (this.#pending?.isWhole === true) return this.#takeWhole(this.#pending);
    while (!this.#isOver) {
      switch (this.#parser.next()) {
        case PARSED.needMore:
          this.#waitForMore();
          return undefined;
        case PARSED.head:
          if (this.#begin()) this.#askForBody();
          break;
        case PARSED.body:
          this.#collect(this.#parser.bodyPiece);
          break;
        case PARSED.end:
          return this.#finish();
        case PARSED.refused:
          this.#refuseParsed(this.#parser.refusal ?? REFUSALS.badRequestLine);
      }
    }
    return undefined;
  }

  /** The body came too slowly (design section 6: at least `--body-min-rate` on the whole). */
  isTooSlow(now: number): boolean {
    const pending = this.#pending;
    if (pending === undefined || pending.isWhole || pending.body?.mustPause === true) return false;
    return pending.isTooSlow(now, this.#context.bodyMinRate);
  }

  /** Nothing more is read; what came of a body is dropped. */
  dispose(): void {
    this.#isOver = true;
    this.#pending?.body?.dispose();
    this.#pending = undefined;
  }

  /** False after a refusal. */
  #begin(): boolean {
    const { head } = this.#parser;
    const origin = this.#origin.of(head);
    if ("code" in origin) {
      this.#refuse(origin);
      return false;
    }
    head.isFromTrustedProxy = this.#origin.isTrusted;
    this.#pending = new PendingRequest(head, origin, this.#context);
    return true;
  }

  /** A body that is announced too large comes behind a whole head: logs have its fields, and its proxy's id. */
  #refuseParsed(refusal: Refusal): void {
    const isHeadWhole = refusal === REFUSALS.bodyTooLarge && this.#pending === undefined;
    if (!isHeadWhole || this.#begin()) this.#refuse(refusal);
  }

  /** Only when the client waits for it, which one that has sent body bytes does not. */
  #askForBody(): void {
    if (this.#parser.head.expectsContinue && this.#parser.bufferedBytes === 0) {
      this.#events.onContinueWanted();
    }
  }

  #waitForMore(): void {
    const { deadlines } = this.#context;
    // The file lags behind: that the client sends nothing is our own doing, until `#onProgress`.
    if (this.#pending?.body?.mustPause === true) {
      clearDeadline(this.#waiter);
      return;
    }
    const isInHead = this.#pending === undefined && !this.#parser.isBetweenRequests;
    if (this.#pending !== undefined) this.#awaitBody(this.#pending);
    else if (isInHead && this.#waiter.deadlineList !== deadlines.head) {
      deadlines.head.start(this.#waiter, this.#context.now());
    }
    this.#events.onPause(false);
  }

  /** What had to wait has its time anew. */
  #awaitBody(pending: PendingRequest): void {
    const { body } = this.#context.deadlines;
    const now = this.#context.now();
    if (this.#waiter.deadlineList !== body) pending.countFrom(now);
    body.start(this.#waiter, now);
  }

  #collect(piece: Uint8Array): void {
    const pending = this.#pending;
    if (pending === undefined) throw new Error("body bytes without a head");
    pending.body ??= this.#newBody();
    if (!pending.body.add(piece, this.#reader)) this.#refuse(REFUSALS.noSpace);
    else if (pending.body.mustPause) this.#events.onPause(true);
  }

  #newBody(): BodyCollector {
    return new BodyCollector(
      this.#context.body,
      () => {
        this.#onProgress();
      },
      (error) => {
        this.#context.observer.failed("cannot keep a request body in a file", error);
        this.#refuse(REFUSALS.noSpace);
      },
    );
  }

  #onProgress(): void {
    const pending = this.#pending;
    if (pending?.body === undefined) return;
    if (pending.isWhole) {
      if (pending.body.isStored) this.#events.onStored();
      return;
    }
    const { mustPause } = pending.body;
    if (!mustPause && this.#waiter.deadlineList === undefined) this.#awaitBody(pending);
    this.#events.onPause(mustPause);
  }

  #finish(): WholeRequest | undefined {
    const pending = this.#pending;
    if (pending === undefined) throw new Error("the end of a request without its head");
    pending.isWhole = true;
    clearDeadline(this.#waiter);
    return this.#takeWhole(pending);
  }

  #takeWhole(pending: PendingRequest): WholeRequest | undefined {
    if (pending.body?.isStored === false) {
      this.#events.onPause(true);
      return undefined;
    }
    this.#pending = undefined;
    return pending.complete();
  }

  #refuse(refusal: Refusal): void {
    this.#isOver = true;
    this.#events.onRefused(refusal);
  }
}
