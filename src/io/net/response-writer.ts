// Writes one answer after the other to one client: head, framed body, end. What a slow client has not read yet waits in memory, then in a
// file, and only then is the worker held back (design section 2.6). Knows the socket and the framing; not who answers, nor keep-alive.

import type { AnswerHead, AnswerPart, WholeRequest } from "../../core/http/exchange.ts";
import {
  FRAMING,
  HEAD_EXTRA_BYTES,
  framingOf,
  isBodiless,
  writeResponseHead,
  type Framing,
  type OwnFields,
} from "../../core/http1/response-head.ts";
import { ANSWER_FLAG } from "../../core/wire/frame.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { resetSocket } from "./reset-socket.ts";
import { ResponseBacklog, type BacklogEvents, type BacklogOptions } from "./response-backlog.ts";

/**
 * The buffer in which answers are put together, one for all connections: it is free again when the kernel took all of it. An answer that
 * comes in pieces may gather them here until the end of the turn; whoever else wants the buffer sends them on their way first.
 */
export class OutputBuffer {
  bytes = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  /** Whose bytes wait here. */
  owner: { flush(): void } | undefined;
  /** So many. */
  length = 0;

  /** Called when the kernel did not take all: the socket still reads from the buffer, so the next answer needs another. */
  replace(): void {
    this.bytes = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  }

  /** `owner` gathers from now on, behind `length` bytes of its own. */
  gather(owner: { flush(): void }, length: number): void {
    this.owner = owner;
    this.length = length;
    process.nextTick(this.#flush);
  }

  /** What waits, which is from now on the business of whoever asked. */
  takeGathered(): Buffer {
    const bytes = this.bytes.subarray(0, this.length);
    this.owner = undefined;
    this.length = 0;
    return bytes;
  }

  readonly #flush = (): void => {
    this.owner?.flush();
  };
}

const OUTPUT_BYTES = 64 * 1024;
/** Bodies and pieces up to this size are copied behind what precedes them: one write costs less than two buffers (writev). */
const COPIED_BODY_BYTES = 16 * 1024;
/** Smaller ones are copied where they have to wait: in their place they would keep a whole block of memory from others. */
const LARGE_BYTES = 128 * 1024;
/** What is gathered up to this size is copied rather than kept in a buffer of its own. */
const SMALL_BYTES = 4096;

export interface WriterOptions extends BacklogOptions {
  readonly output: OutputBuffer;
  /** Replaced each second. */
  readonly clock: { readonly own: OwnFields };
}

const CRLF = Buffer.from("\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** What an answer's head and framing depend on. */
export type AnsweredRequest = Pick<
  WholeRequest,
  "isHead" | "minorVersion" | "environ" | "idStart" | "idEnd"
>;

export class ResponseWriter {
  readonly #socket: ByteSocket;
  readonly #options: WriterOptions;
  readonly #backlog: ResponseBacklog;
  #framing: Framing = FRAMING.none;
  /** Body bytes still to come under a Content-Length. */
  #remaining = 0;
  #mustClose = false;

  constructor(socket: ByteSocket, options: WriterOptions, events: BacklogEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#backlog = new ResponseBacklog(socket, options, events);
  }

  readonly #onShort = (): void => {
    this.#backlog.watch();
  };

  /** The connection cannot carry another answer after this one. */
  get mustClose(): boolean {
    return this.#mustClose;
  }

  /** No next answer should be begun before `onCaughtUp`. */
  get isBehind(): boolean {
    return this.#backlog.isBehind;
  }

  /** Head and first piece. Returns the body bytes accepted for the client. */
  begin(head: AnswerHead, request: AnsweredRequest, mayKeepAlive: boolean): number {
    this.#backlog.answerBegins();
    const { flags, status } = head;
    const hasLength = (flags & ANSWER_FLAG.length) !== 0;
    const isComplete = (flags & ANSWER_FLAG.complete) !== 0;
    const isBodyless = isBodiless(status, request.isHead);
    const bodyBytes = isBodyless ? 0 : head.pieceEnd - head.pieceStart;
    const framing = framingOf({
      status,
      isHead: request.isHead,
      minorVersion: request.minorVersion,
      hasLength,
      isComplete,
    });
    this.#framing = framing;
    const frameBodyBytes = isBodyless ? 0 : head.frameBodyBytes;
    this.#remaining = hasLength ? head.contentLength : frameBodyBytes;
    this.#mustClose = !mayKeepAlive || framing === FRAMING.close;
    const output = this.#options.output;
    output.owner?.flush();
    const headBytes = head.headEnd - head.headStart + HEAD_EXTRA_BYTES;
    // What is still to come of the frame leaves with the head, as what is large does.
    const isLarge = bodyBytes > COPIED_BODY_BYTES || bodyBytes < frameBodyBytes;
    const isCopied = framing !== FRAMING.chunked && !isLarge;
    const needed = headBytes + (isCopied ? bodyBytes : 0);
    const target = needed <= OUTPUT_BYTES ? output.bytes : Buffer.allocUnsafeSlow(needed);
    let length = writeResponseHead(
      target,
      head.bytes,
      head.headStart,
      head.headEnd,
      this.#options.clock.own,
      {
        hasDate: (flags & ANSWER_FLAG.date) !== 0,
        hasServer: (flags & ANSWER_FLAG.server) !== 0,
        framing,
        lengthToAdd: framing === FRAMING.length && !hasLength ? frameBodyBytes : -1,
        keepAlive: !this.#mustClose,
        minorVersion: request.minorVersion,
        idSource: request.environ,
        idStart: request.idStart,
        idEnd: (flags & ANSWER_FLAG.id) === 0 ? request.idEnd : 0,
      },
    );
    if (!isCopied) {
      if (target === output.bytes) output.gather(this, length);
      else this.#write(target.subarray(0, length), false);
      return this.#body(head, bodyBytes);
    }
    if (bodyBytes > 0) {
      target.set(head.bytes.subarray(head.pieceStart, head.pieceEnd), length);
      length += bodyBytes;
      this.#remaining -= bodyBytes;
    }
    this.#write(target.subarray(0, length), target === output.bytes);
    return bodyBytes;
  }

  /** A further piece. Returns the body bytes accepted for the client. */
  continue(part: AnswerPart): number {
    if (this.#framing === FRAMING.none) return 0;
    return this.#body(part, part.pieceEnd - part.pieceStart);
  }

  /** The body is whole: true when its length is what the head promised, and the message is ended. */
  end(): boolean {
    if (this.#framing === FRAMING.chunked) this.#gather(LAST_CHUNK);
    this.flush();
    return this.#framing !== FRAMING.length || this.#remaining === 0;
  }

  /** Without the end of the message: the client must see that the answer is not whole (design section 2.6). */
  break(): void {
    this.flush();
    this.#backlog.dispose();
    // Where only the end of the connection ends the body, a FIN would look like success.
    if (this.#framing === FRAMING.close || !this.#socket.writable) resetSocket(this.#socket);
    else this.#socket.destroySoon();
  }

  /** Bytes that are a whole answer already: 100 Continue, or an error page of the server. */
  writeRaw(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes, false);
  }

  /** Sends what was gathered. */
  flush(): void {
    const { output } = this.#options;
    if (output.owner === this) this.#write(output.takeGathered(), true);
  }

  dispose(): void {
    if (this.#options.output.owner === this) this.#options.output.takeGathered();
    this.#backlog.dispose();
  }

  #body(part: AnswerPart, length: number): number {
    if (length === 0) return 0;
    if (this.#framing === FRAMING.length) {
      if (length > this.#remaining) throw new Error("more body than its Content-Length");
      this.#remaining -= length;
    }
    const piece = part.bytes.subarray(part.pieceStart, part.pieceEnd);
    const isChunk = this.#framing === FRAMING.chunked;
    if (isChunk) this.#gather(Buffer.from(`${length.toString(16)}\r\n`, "latin1"));
    if (length <= COPIED_BODY_BYTES) this.#gather(piece);
    else this.#writeLarge(piece, part);
    if (isChunk) this.#gather(CRLF);
    return length;
  }

  /** Copies `bytes` behind what waits in the output buffer; all of it leaves at the end of the turn. */
  #gather(bytes: Uint8Array): void {
    const { output } = this.#options;
    if (output.owner !== this || output.length + bytes.length > OUTPUT_BYTES) {
      output.owner?.flush();
      output.gather(this, 0);
    }
    output.bytes.set(bytes, output.length);
    output.length += bytes.length;
  }

  /** A piece that leaves from where it lies, behind what was gathered. */
  #writeLarge(piece: Uint8Array, part: AnswerPart): void {
    const { output } = this.#options;
    const socket = this.#socket;
    if (output.owner !== undefined && (output.owner !== this || output.length > SMALL_BYTES)) {
      output.owner.flush();
    }
    if (this.#backlog.isActive) {
      this.flush();
      this.#backlog.append(piece);
      return;
    }
    if (socket.writableLength > 0 && piece.length < LARGE_BYTES) {
      this.flush();
      this.#write(new Uint8Array(piece), false);
      return;
    }
    const release = part.keep();
    if (output.owner === this) {
      // One system call for both.
      socket.cork();
      socket.write(Buffer.from(output.takeGathered()));
      socket.write(piece, release);
      socket.uncork();
    } else socket.write(piece, release);
    if (socket.writableLength > 0) this.#backlog.watch();
  }

  /** `isShared`: the bytes lie in the output buffer, which the next answer will use again. */
  #write(bytes: Uint8Array, isShared: boolean): void {
    if (this.#backlog.isActive) {
      this.#backlog.append(bytes);
      return;
    }
    const socket = this.#socket;
    if (socket.post?.(bytes, this.#onShort) === true) return;
    // What has to wait would keep all of the output buffer, which is more than is counted of it. (A small Buffer would keep one of Node's pool.)
    const mustCopy = isShared && socket.writableLength > 0;
    socket.write(mustCopy ? new Uint8Array(bytes) : bytes);
    if (socket.writableLength === 0) return;
    if (isShared && !mustCopy) this.#options.output.replace();
    this.#backlog.watch();
  }
}
