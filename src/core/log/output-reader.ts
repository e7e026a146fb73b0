// What a Python process says on its standard output or standard error, as bytes, becomes messages: lines, or texts that our own Python side
// sends as one (docs/protocol.md section 5). Pieces may carry the id of the request that wrote them. Knows no sockets and no log.

import { Buffer } from "node:buffer";

export interface OutputMessage {
  readonly text: string;
  /** Empty where nobody knows which request it was. */
  readonly requestId: string;
  /** Written by our own Python side, not by the application. */
  readonly isReport: boolean;
}

/** A longer line becomes several messages. */
export const MAX_LINE_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 256;
const LINE_FEED = 0x0a;
/** After the mark: the id or `-`, `t` (text) or `r` (report), the length of the piece. */
const HEADER = /^ ([\x21-\x7e]{1,128}) ([tr]) (\d{1,7})$/;
const EMPTY = Buffer.alloc(0);

export class OutputReader {
  readonly #mark: Buffer;
  readonly #onMessage: (message: OutputMessage) => void;
  #unread: Buffer = EMPTY;
  /** Of the piece that is being read: bytes that are still to come. */
  #pieceLeft = 0;
  #pieceId = "";
  #isReport = false;
  /** A line without its end, or a report that is not whole. */
  #open: Buffer[] = [];
  #openBytes = 0;
  #openId = "";

  /** `mark`: what only the process itself knows; no text that it prints for others can look like the head of a piece. */
  constructor(mark: string, onMessage: (message: OutputMessage) => void) {
    this.#mark = Buffer.from(`\0${mark}`, "latin1");
    this.#onMessage = onMessage;
  }

  /** Something was said that has no end yet. */
  get isWithinLine(): boolean {
    return this.#openBytes > 0;
  }

  push(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length > 0 && this.#step());
  }

  /** Says what is open as if it had ended here. */
  flush(): void {
    if (this.#openBytes === 0) return;
    const text = Buffer.concat(this.#open).toString();
    this.#open = [];
    this.#openBytes = 0;
    this.#onMessage({ text, requestId: this.#openId, isReport: false });
  }

  /** What was read ends here: nothing is kept back any more. */
  end(): void {
    this.#addText(this.#unread, this.#pieceLeft > 0 ? this.#pieceId : "");
    this.#unread = EMPTY;
    this.flush();
  }

  /** False when more bytes are needed. */
  #step(): boolean {
    if (this.#pieceLeft > 0) return this.#readPiece();
    const at = this.#unread.indexOf(this.#mark);
    if (at === -1) {
      const kept = this.#beginningOfMark();
      this.#addText(this.#take(this.#unread.length - kept), "");
      return false;
    }
    this.#addText(this.#take(at), "");
    return this.#readHeader();
  }

  #readHeader(): boolean {
    const end = this.#unread.indexOf(LINE_FEED);
    if (end === -1 && this.#unread.length < MAX_HEADER_BYTES) return false;
    const header = this.#unread.toString("latin1", this.#mark.length, Math.max(end, 0));
    const [, id = "", kind, length = ""] = HEADER.exec(header) ?? [];
    if (id === "") {
      // Not ours after all.
      this.#addText(this.#take(this.#mark.length), "");
      return true;
    }
    this.#take(end + 1);
    this.#pieceId = id === "-" ? "" : id;
    this.#isReport = kind === "r";
    this.#pieceLeft = Number(length);
    return true;
  }

  #readPiece(): boolean {
    // A report is said when it is whole.
    if (this.#isReport && this.#unread.length < this.#pieceLeft) return false;
    const piece = this.#take(Math.min(this.#pieceLeft, this.#unread.length));
    this.#pieceLeft -= piece.length;
    if (this.#isReport) {
      this.flush();
      this.#onMessage({ text: piece.toString(), requestId: this.#pieceId, isReport: true });
    } else this.#addText(piece, this.#pieceId);
    return true;
  }

  #take(count: number): Buffer {
    const taken = this.#unread.subarray(0, count);
    this.#unread = this.#unread.subarray(count);
    return taken;
  }

  /** How many of the last bytes may be the beginning of a mark. */
  #beginningOfMark(): number {
    const at = this.#unread.lastIndexOf(0);
    const tail = at === -1 ? EMPTY : this.#unread.subarray(at);
    return tail.equals(this.#mark.subarray(0, tail.length)) ? tail.length : 0;
  }

  #addText(bytes: Buffer, id: string): void {
    if (bytes.length === 0) return;
    // Lines of two requests are two, even where the first had no end.
    if (id !== this.#openId) this.flush();
    this.#openId = id;
    let rest = bytes;
    while (rest.length > 0) {
      const end = rest.indexOf(LINE_FEED);
      const room = MAX_LINE_BYTES - this.#openBytes;
      if (end !== -1 && end <= room) {
        this.#endLine(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
      } else if (rest.length <= room) {
        this.#keep(rest);
        return;
      } else {
        const cut = characterStart(rest, room);
        this.#keep(rest.subarray(0, cut));
        this.flush();
        rest = rest.subarray(cut);
      }
    }
  }

  #endLine(bytes: Buffer): void {
    this.#keep(bytes);
    // An empty line is a line.
    if (this.#openBytes === 0)
      this.#onMessage({ text: "", requestId: this.#openId, isReport: false });
    this.flush();
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#open.push(bytes);
    this.#openBytes += bytes.length;
  }
}

/** The last place up to `at` where a character of UTF-8 begins. */
function characterStart(bytes: Buffer, at: number): number {
  let start = at;
  while (start > Math.max(1, at - 3) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}
