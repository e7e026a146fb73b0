// To find the end of a line one must look at each byte. Asking the kernel for each byte is a system call each; a buffered reader asks
// once for what there is, and looks at its own copy.

import { close, read, writeAll } from "../posix/sockets.ts";
import { print } from "../settings.ts";
import { connectedPair, timed } from "./connection.ts";

const LINES = 200;
const REQUEST = "X-Field: 0123456789012345678901234567890\r\n".repeat(LINES);

export function bufferedReads(): void {
  tell("a byte at a time", lineByBytes);
  tell("buffered", bufferedLines);
}

function tell(how: string, readLines: (fd: number) => { lines: number; calls: number }): void {
  const { client, server } = connectedPair();
  writeAll(client, REQUEST);
  close(client);
  const { result, milliseconds } = timed(() => readLines(server));
  print(`${how}: ${result.lines} lines by ${result.calls} system calls in ${milliseconds}`);
  close(server);
}

function lineByBytes(fd: number): { lines: number; calls: number } {
  let lines = 0;
  for (let calls = 1; ; calls++) {
    const byte = read(fd, 1);
    if (byte.length === 0) return { lines, calls };
    if (byte[0] === 0x0a) lines++;
  }
}

function bufferedLines(fd: number): { lines: number; calls: number } {
  let buffer = Buffer.alloc(0);
  for (let calls = 1; ; calls++) {
    const chunk = read(fd, 65_536);
    if (chunk.length === 0)
      return { lines: buffer.toString("latin1").split("\n").length - 1, calls };
    buffer = Buffer.concat([buffer, chunk]);
  }
}
