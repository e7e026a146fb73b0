// class HttpRequestParser: bytes in, a request out when it is whole. Headers until an empty line, then a body by Content-Length or in
// chunks. Knows no sockets: it does not matter how the bytes were cut on their way.

export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export class BadRequest extends Error {
  override readonly name = "BadRequest";
}

const END_OF_HEAD = "\r\n\r\n";

export class HttpRequestParser {
  #received = Buffer.alloc(0);

  /** The request, or undefined while something is missing. Throws BadRequest. */
  feed(bytes: Uint8Array): HttpRequest | undefined {
    this.#received = Buffer.concat([this.#received, bytes]);
    const end = this.#received.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    const [requestLine = "", ...fields] = this.#received.toString("latin1", 0, end).split("\r\n");
    const [method, target, version, ...rest] = requestLine.split(" ");
    if (!method || !target || !version?.startsWith("HTTP/") || rest.length > 0)
      throw new BadRequest(`no request line: ${requestLine}`);
    const headers = new Map(fields.map(splitField));
    const body = readBody(headers, this.#received.subarray(end + END_OF_HEAD.length));
    return body && { method, target, version, headers, body };
  }
}

function splitField(field: string): [name: string, value: string] {
  const colon = field.indexOf(":");
  if (colon < 1) throw new BadRequest(`no field: ${field}`);
  return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
}

function readBody(headers: ReadonlyMap<string, string>, rest: Buffer): Buffer | undefined {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return readChunks(rest);
  const text = headers.get("content-length") ?? "0";
  if (!/^\d+$/.test(text)) throw new BadRequest(`no length: ${text}`);
  const length = Number(text);
  return rest.length < length ? undefined : rest.subarray(0, length);
}

/** Each chunk: its size in hexadecimal, a line end, its bytes, a line end. The last one has size 0. */
function readChunks(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(line)) throw new BadRequest(`no chunk size: ${line}`);
    const size = Number.parseInt(line, 16);
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
