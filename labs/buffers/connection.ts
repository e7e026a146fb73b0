// What the experiments need: a TCP connection with both ends in this process, another process that does something later, and a clock.

import { spawn } from "node:child_process";
import {
  accept,
  close,
  connect,
  localAddress,
  openListener,
  setSocketBuffers,
  socket,
} from "../posix/sockets.ts";

/** The two ends of a new connection over loopback; `bufferBytes` is asked of the kernel for each buffer of both. */
export function connectedPair(bufferBytes?: number): { client: number; server: number } {
  const listener = openListener(0, 1);
  const client = socket();
  for (const fd of bufferBytes === undefined ? [] : [listener, client])
    setSocketBuffers(fd, bufferBytes ?? 0); // before connecting: accepted connections inherit the listener's
  connect(client, localAddress(listener));
  const { connection } = accept(listener);
  close(listener);
  return { client, server: connection };
}

/** Runs a shell command in another process, whose standard input and output are `fd`. */
export function inAnotherProcess(command: string, fd: number): void {
  spawn("/bin/sh", ["-c", command], { stdio: [fd, fd, "inherit"] });
}

/** The result of `work`, and how long it took. */
export function timed<T>(work: () => T): { result: T; seconds: string; milliseconds: string } {
  const startMs = performance.now();
  const result = work();
  const ms = performance.now() - startMs;
  return { result, seconds: `${(ms / 1000).toFixed(1)} s`, milliseconds: `${ms.toFixed(1)} ms` };
}
