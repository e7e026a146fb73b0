// WebSocket (RFC 6455) as far as the lab needs it: the handshake, and text messages that are shorter than 64 KiB and come in one frame.

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x1;
const CLOSE = 0x8;

/** Answers the handshake; calls `onMessage` for each message until the client closes or goes. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  onMessage: (message: string) => void,
): void {
  const key = `${request.headers["sec-websocket-key"]}${GUID}`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let frame = readFrame(received); frame !== undefined; frame = readFrame(received)) {
      received = received.subarray(frame.size);
      if (frame.opcode === TEXT) onMessage(frame.payload.toString());
      if (frame.opcode === CLOSE) socket.end(frameOf(CLOSE, frame.payload));
    }
  });
  // Both lead to "close", which the server may listen for: a server's sockets stay half open otherwise.
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
}

export function sendMessage(socket: Duplex, message: string): void {
  socket.write(frameOf(TEXT, Buffer.from(message)));
}

function frameOf(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const head = size < 126 ? [0x80 | opcode, size] : [0x80 | opcode, 126, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Of the whole frame. */
  readonly size: number;
}

/** A client's frames are masked with four bytes that come before the payload; undefined while something is missing. */
function readFrame(bytes: Buffer): Frame | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined || bytes.length < 4) return undefined;
  const isShort = (second & 0x7f) < 126;
  const maskAt = isShort ? 2 : 4;
  const length = isShort ? second & 0x7f : bytes.readUInt16BE(2);
  const size = maskAt + 4 + length;
  if (bytes.length < size) return undefined;
  const mask = bytes.subarray(maskAt, maskAt + 4);
  const payload = bytes.subarray(maskAt + 4, size).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return { opcode: first & 0x0f, payload: Buffer.from(payload), size };
}
