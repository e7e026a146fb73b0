// Bytes of a server -> one response, strictly by its own framing (RFC 9112 section 6.3). Forgives nothing: what is malformed throws.

export interface RawResponse {
  readonly status: number;
  readonly reason: string;
  /** Lower-case names; repeated ones joined with ", ". */
  readonly fields: ReadonlyMap<string, string>;
  readonly head: string;
  readonly body: Buffer;
  /** The body ended as its framing says; false when the connection ended first. */
  readonly isWhole: boolean;
}

type Head = Pick<RawResponse, "status" | "reason" | "fields" | "head">;
const FIELD_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/;

/** Reads one response; is asked again, with more bytes, until it is there. */
export class ResponseReader {
  response: RawResponse | undefined;
  readonly #method: string;
  #head: Head | undefined;
  /** Where the next chunk begins, and the data of those before it. */
  #at = 0;
  #ranges: [number, number][] = [];

  /** `method` HEAD: there is no body. */
  constructor(method: string) {
    this.#method = method;
  }

  /** `bytes` begin with the response; nothing will follow them if `isOver`. Returns where it ends, -1 if it is not there. */
  read(bytes: Buffer, isOver: boolean): number {
    if (this.#head === undefined) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end === -1) return -1;
      this.#head = parseHead(bytes.toString("latin1", 0, end));
      this.#at = end + 4;
    }
    const { status, fields } = this.#head;
    const start = this.#at;
    if (this.#method === "HEAD" || status < 200 || status === 204 || status === 304) {
      return this.#finish(Buffer.alloc(0), start, true);
    }
    if (fields.has("transfer-encoding")) return this.#readChunks(bytes, isOver);
    const length = fields.get("content-length");
    if (length === undefined)
      return isOver ? this.#finish(bytes.subarray(start), bytes.length, true) : -1;
    const end = start + Number(length);
    if (bytes.length >= end) return this.#finish(bytes.subarray(start, end), end, true);
    return isOver ? this.#finish(bytes.subarray(start), bytes.length, false) : -1;
  }

  #readChunks(bytes: Buffer, isOver: boolean): number {
    for (;;) {
      const lineEnd = bytes.indexOf("\r\n", this.#at);
      if (lineEnd === -1) break;
      const sizeText = bytes.toString("latin1", this.#at, lineEnd);
      if (!/^[0-9a-f]+$/.test(sizeText)) throw new Error(`bad chunk size: ${sizeText}`);
      const dataEnd = lineEnd + 2 + Number.parseInt(sizeText, 16);
      if (bytes.length < dataEnd + 2) break;
      if (bytes.toString("latin1", dataEnd, dataEnd + 2) !== "\r\n")
        throw new Error("chunk without CRLF");
      this.#at = dataEnd + 2;
      if (dataEnd === lineEnd + 2) return this.#finish(this.#join(bytes), this.#at, true);
      this.#ranges.push([lineEnd + 2, dataEnd]);
    }
    return isOver ? this.#finish(this.#join(bytes), bytes.length, false) : -1;
  }

  #join(bytes: Buffer): Buffer {
    return Buffer.concat(this.#ranges.map(([from, to]) => bytes.subarray(from, to)));
  }

  #finish(body: Buffer, end: number, isWhole: boolean): number {
    if (this.#head !== undefined) this.response = { ...this.#head, body, isWhole };
    return end;
  }
}

function parseHead(head: string): Head {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const found = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(statusLine);
  if (found === null) throw new Error(`not a status line: ${statusLine}`);
  const fields = new Map<string, string>();
  for (const line of lines) {
    if (!FIELD_LINE.test(line)) throw new Error(`not a field line: ${line}`);
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  const isFramed = coding === undefined || (coding === "chunked" && length === undefined);
  if (!isFramed || (length !== undefined && !/^\d+$/.test(length)))
    throw new Error(`bad framing: ${head}`);
  return { status: Number(found[1]), reason: found[2] ?? "", fields, head };
}
