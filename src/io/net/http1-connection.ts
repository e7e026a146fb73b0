// One client's connection: whole requests go to the workers one at a time, answers come back in order. Owns the socket and decides when it
// ends. What bytes mean is core/http1's business, reading them RequestIntake's, writing them ResponseWriter's.

import {
  Exchange,
  type AnswerHead,
  type AnswerPart,
  type AnswerSink,
  type WholeRequest,
} from "../../core/http/exchange.ts";
import { REFUSALS, type Refusal } from "../../core/http/refusal.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { factsOf, type ConnectionFacts } from "./connections-status.ts";
import type { ConnectionOrigin } from "./connection-origin.ts";
import { clearDeadline, type DeadlineList, type Waiter } from "./deadlines.ts";
import { LingeringClose } from "./lingering-close.ts";
import type { ProxyPreface } from "./proxy-preface.ts";
import { type Cut, markCut, RefusedRequests } from "./refused-request.ts";
import { RequestIntake } from "./request-intake.ts";
import { resetSocket } from "./reset-socket.ts";
import { ResponseWriter } from "./response-writer.ts";

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

export class Http1Connection implements AnswerSink, Waiter {
  deadlineAt = 0;
  deadlineList: DeadlineList | undefined;
  deadlinePrevious: Waiter | undefined;
  deadlineNext: Waiter | undefined;

  readonly #socket: ByteSocket;
  readonly #context: ConnectionContext;
  readonly #intake: RequestIntake;
  readonly #refused: RefusedRequests;
  readonly #writer: ResponseWriter;

  /** The request being answered. */
  #exchange: Exchange | undefined;
  #hasBegunAnswer = false;
  /** When the last exchange was over. */
  #overAt = 0;
  #isPaused = false;
  #hasClientEnded = false;
  #isDriving = false;
  /** The worker of the exchange is held back. */
  #isHolding = false;
  /** The connection ends once the client has been given all of the last answer. */
  #mustClose = false;
  /** It has said that its last request is the last, and nothing of that is still on its way. */
  #hasClientFinished = false;
  /** FIN is sent, or the socket is gone: what still comes is dropped. */
  #isClosing = false;
  #lingering: LingeringClose | undefined;
  /** Why the exchange under way is not answered to its end, if the socket closes under it. */
  #cutBy: Cut = "clientGone";

  /** `preface`: a PROXY header has to come first. */
  constructor(
    socket: ByteSocket,
    context: ConnectionContext,
    origin: ConnectionOrigin,
    preface?: ProxyPreface,
  ) {
    const onBytes = (bytes: Buffer): void => this.#onData(bytes);
    const onRead = preface?.before(onBytes, () => this.#socket.destroy()) ?? onBytes;
    this.#socket = socket;
    this.#context = context;
    const source = { reader: context.readBuffer, origin };
    this.#intake = new RequestIntake(context, this, source, {
      onContinueWanted: () => {
        this.#writer.writeRaw(CONTINUE);
      },
      onRefused: (refusal) => {
        this.#refuse(refusal);
      },
      onStored: () => {
        this.#drive();
      },
      onPause: (isPaused) => {
        this.#setPaused(isPaused || this.#writer.isBehind);
      },
    });
    this.#refused = new RefusedRequests(context, this.#intake);
    this.#writer = new ResponseWriter(socket, context.writer, {
      onHold: (isHeld) => {
        this.#isHolding = isHeld;
        if (this.#exchange !== undefined) context.requests.hold(this.#exchange, isHeld);
      },
      onCaughtUp: () => {
        this.#overAt = context.now();
        this.#setPaused(this.#intake.isFull);
        this.#goOn();
      },
      onStalled: () => {
        this.destroy("sendTimeout");
      },
      onError: (error) => {
        context.observer.failed("cannot keep an answer in a file", error);
        this.destroy("answerBroken");
      },
    });
    this.#listen(socket);
    context.deadlines.head.start(this, context.now());
    context.readBuffer.read(socket, onRead, () => this.#intake.room());
  }

  #listen(socket: ByteSocket): void {
    socket.on("end", () => {
      this.#onClientEnded();
    });
    // Resets and broken pipes are what clients do; "close" follows and says all that matters.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#onClosed();
    });
  }

  /** Ends the connection if no request is under way and all of its answer is on the way: its client may repeat what crosses this (RFC 9112 section 9.6). */
  closeIdle(): void {
    if (this.#exchange === undefined && this.#intake.isEmpty && !this.#writer.isBehind)
      this.#close();
  }

  /** Nothing is under way, and the client has been given everything: it can go to make room for another. */
  get isSpare(): boolean {
    if (this.#exchange !== undefined || !this.#isSent) return false;
    return this.#isClosing || this.#intake.isBetweenRequests;
  }

  /** For the figures. */
  facts(): ConnectionFacts {
    return factsOf(this.#socket, this.#exchange, { writer: this.#writer, intake: this.#intake });
  }

  /** At once, whatever is under way; an answer that is cut must not look whole. */
  destroy(why: Cut = "serverStopped"): void {
    this.#cutBy = why;
    const isWhole = this.#exchange === undefined || !this.#hasBegunAnswer;
    if (isWhole && this.#isSent) this.#socket.destroy();
    else resetSocket(this.#socket);
  }

  get #isSent(): boolean {
    this.#socket.settle?.();
    return !this.#writer.isBehind && this.#socket.writableLength === 0;
  }

  onDeadline(list: DeadlineList, now: number): void {
    const { deadlines, isDraining } = this.#context;
    // A client that still takes its answer is the business of --send-timeout.
    if (list === deadlines.keepAlive && !isDraining && !this.#isSent) list.start(this, now);
    else if (list === deadlines.keepAlive || list === deadlines.drainIdle) this.#close();
    else if (list === deadlines.body) this.#refuse(REFUSALS.bodyTimeout);
    else if (list === deadlines.head && !this.#intake.isBetweenRequests) {
      this.#refuse(REFUSALS.headTimeout);
    } else this.#socket.destroy();
  }

  checkBodyRate(now: number): void {
    if (this.#intake.isTooSlow(now)) this.#refuse(REFUSALS.bodyTooSlow);
  }

  // Reading.

  #onData(chunk: Buffer): void {
    this.#hasClientFinished = false; // Behind its last request there should be nothing.
    // Lingering: what comes is read and dropped, so that the last answer arrives.
    if (this.#mustClose && this.#exchange === undefined) {
      if (this.#writer.isBehind) this.#setPaused(true); // As in `#drive`.
      this.#lingering?.goOn();
      return;
    }
    this.#intake.push(chunk);
    if (this.#exchange === undefined) this.#drive();
    else if (this.#intake.isFull || this.#writer.isBehind) this.#setPaused(true);
    this.#intake.keepRest();
  }

  /** Reads requests and hands them over until one is being answered, or bytes are missing. */
  #drive(): void {
    if (this.#isDriving) return; // An answer at once, inside the loop below: the loop goes on.
    this.#isDriving = true;
    while (this.#exchange === undefined && !this.#mustClose && !this.#writer.isBehind) {
      const request = this.#intake.next();
      if (request === undefined) break;
      this.#submit(request);
    }
    this.#isDriving = false;
    if (this.#writer.isBehind) this.#waitForClient();
    else if (this.#exchange !== undefined) this.#setPaused(this.#intake.isFull);
    else if (this.#hasClientEnded) this.#onInputOver();
  }

  /** It has to take what it was answered first: until then nothing is read, and no time runs for what it would send. */
  #waitForClient(): void {
    this.#setPaused(true);
    if (!this.#mustClose) clearDeadline(this);
  }

  #submit(request: WholeRequest): void {
    const exchange = new Exchange(request, this, this.#context.now());
    this.#exchange = exchange;
    this.#hasBegunAnswer = false;
    this.#hasClientFinished = !request.keepAlive && request.headAt === 0;
    this.#context.requests.submit(exchange);
    if (this.#hasClientEnded && this.#exchange === exchange) {
      this.#context.requests.clientLeft(exchange, false);
    }
  }

  #setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  // Answering.

  answerBegan(exchange: Exchange, head: AnswerHead, isComplete: boolean): void {
    if (exchange !== this.#exchange) return;
    this.#hasBegunAnswer = true;
    exchange.status = head.status;
    exchange.bytesSent = this.#writer.begin(head, exchange.request, this.#mayKeepAlive(exchange));
    if (isComplete) this.#finishAnswer(exchange);
  }

  answerContinued(exchange: Exchange, part: AnswerPart, isComplete: boolean): void {
    if (exchange !== this.#exchange) return;
    exchange.bytesSent += this.#writer.continue(part);
    if (isComplete) this.#finishAnswer(exchange);
  }

  answerEnded(exchange: Exchange, isBroken: boolean): void {
    exchange.request.body?.dispose();
    if (exchange !== this.#exchange) return;
    if (!isBroken) this.#finishAnswer(exchange);
    else if (this.#hasBegunAnswer) this.#breakAnswer(exchange);
    else this.answerRefused(exchange, REFUSALS.applicationError);
  }

  answerRefused(exchange: Exchange, refusal: Refusal): void {
    // A worker that takes too long may still be sent it, or be reading it.
    if (exchange.place !== "in-hand") exchange.request.body?.dispose();
    if (exchange !== this.#exchange) return;
    exchange.outcome = refusal.code;
    if (this.#hasBegunAnswer) {
      this.#breakAnswer(exchange);
      return;
    }
    exchange.status = refusal.status;
    const keepAlive = this.#mayKeepAlive(exchange);
    const page = this.#refused.pageFor(refusal, exchange.request, keepAlive);
    exchange.bytesSent = page.bodyBytes;
    this.#writer.writeRaw(page.bytes);
    this.#mustClose ||= !keepAlive;
    this.#exchangeOver(exchange);
    this.#goOn();
  }

  answerAbandoned(exchange: Exchange): void {
    // Behind what is still on its way of the answer before it.
    if (exchange === this.#exchange) this.#socket.destroySoon();
  }

  /** Also at the end of client or server: what the client has sent before is answered. */
  #mayKeepAlive(exchange: Exchange): boolean {
    if (!exchange.request.keepAlive) return false;
    const isEnding = this.#hasClientEnded || this.#context.isDraining;
    return !isEnding || this.#intake.bufferedBytes > 0;
  }

  #finishAnswer(exchange: Exchange): void {
    if (!this.#writer.end()) {
      this.#breakAnswer(exchange);
      return;
    }
    this.#mustClose ||= this.#writer.mustClose;
    // The clock was read for the answer: once more costs what it is worth to avoid.
    this.#exchangeOver(exchange, exchange.answeredAt);
    this.#goOn();
  }

  #breakAnswer(exchange: Exchange): void {
    this.#mustClose = true;
    this.#isClosing = true;
    exchange.outcome ||= "answerBroken";
    this.#exchangeOver(exchange);
    this.#context.deadlines.linger.start(this, this.#context.now());
    this.#writer.break();
  }

  /** `overAt`: 0 for now. What ends an answer that is not whole may come long after its last piece. */
  #exchangeOver(exchange: Exchange, overAt = 0): void {
    this.#exchange = undefined;
    // What still waits for this client is all here: the worker may go on with others.
    if (this.#isHolding) this.#context.requests.hold(exchange, false);
    this.#isHolding = false;
    this.#overAt = overAt || this.#context.now();
    this.#context.observer.exchangeOver(exchange, this.#overAt);
  }

  /** The next request, or the end, once the client has taken enough of the last answer. */
  #goOn(): void {
    if (this.#exchange !== undefined || this.#isClosing || this.#writer.isBehind) return;
    if (this.#mustClose) {
      this.#close();
      return;
    }
    if (this.#intake.isBetweenRequests) this.#context.idle.start(this, this.#overAt);
    this.#drive();
  }

  // Ending.

  #refuse(refusal: Refusal): void {
    this.#writer.writeRaw(this.#refused.refuse(refusal));
    this.#intake.dispose();
    this.#close();
  }

  /** As soon as what is written has gone. */
  #close(): void {
    this.#mustClose = true;
    if (this.#isClosing) return;
    clearDeadline(this); // Also of a request that was being read: it was refused.
    if (this.#writer.isBehind) return;
    this.#isClosing = true;
    // RFC 9112 section 9.6: a client that has sent `close` must not send more. The kernel delivers what it has, and FIN behind it.
    if (this.#hasClientFinished && this.#isSent) this.#socket.destroy();
    else if (this.#hasClientEnded) this.#socket.end();
    else {
      this.#lingering = new LingeringClose(this.#socket, this.#context, this);
      this.#lingering.begin((isPaused): void => this.#setPaused(isPaused));
    }
  }

  #onClientEnded(): void {
    this.#hasClientEnded = true;
    if (this.#exchange !== undefined) this.#context.requests.clientLeft(this.#exchange, false);
    else this.#drive();
  }

  /** Nothing more will come. A request that is not whole never reaches the application. */
  #onInputOver(): void {
    if (this.#intake.pending?.isWhole === true) return;
    this.#refused.cutShort(this.#cutBy);
    this.#intake.dispose();
    this.#close();
  }

  #onClosed(): void {
    this.#mustClose = true;
    this.#isClosing = true;
    clearDeadline(this);
    this.#refused.cutShort(this.#cutBy);
    this.#intake.dispose();
    this.#writer.dispose();
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      markCut(exchange, this.#cutBy, this.#hasBegunAnswer);
      this.#exchangeOver(exchange);
      this.#context.requests.clientLeft(exchange, true);
    }
    this.#context.onClosed(this);
  }
}
