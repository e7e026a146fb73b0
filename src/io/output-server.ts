// Where zygotes and workers bring what is for the log: their standard output and standard error when the log is JSON, their reports alone when it
// is a file of plain lines. Each connection is one stream of one process, each of its lines becomes a line of the log that says whose it is
// (docs/protocol.md section 5). Knows nothing of requests and workers but what the streams say.

import { createServer, type Server, type Socket } from "node:net";
import { OutputReader, type OutputMessage } from "../core/log/output-reader.ts";
import type { LogFields } from "./log.ts";
import type { MessageLog } from "./server-log.ts";

/** Both streams of so many processes may connect in one turn. */
const BACKLOG = 1024;
const MAX_HELLO_BYTES = 512;
const HELLO_TIMEOUT_MS = 10_000;
/** A line without an end is said as it is after this silence (a progress bar, a prompt). */
const PARTIAL_LINE_MS = 500;
/** At the end: what processes that are no more have said is read until nothing more comes for so long ... */
const QUIET_MS = 100;
/** ... and for this long at most. */
const CLOSE_MS = 1000;

interface Hello {
  readonly pid: number;
  /** 0 is the zygote. */
  readonly worker: number;
  /** `reports`: nothing else comes. */
  readonly stream: "stdout" | "stderr" | "reports";
  readonly mark: string;
}

export class OutputServer {
  readonly #log: MessageLog;
  readonly #server: Server;
  readonly #streams = new Set<OutputStream>();
  #lastReadAt = 0;
  #isPaused = false;

  constructor(log: MessageLog) {
    this.#log = log;
    log.onRelief = () => {
      this.#setPaused(false);
    };
    this.#server = createServer((socket) => {
      this.#onConnection(socket);
    });
    this.#server.on("error", () => {}); // A failed accept: the process keeps the output that it has inherited.
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ path, backlog: BACKLOG }, resolve);
    });
  }

  /** After the last process has ended: reads what they have said, their last words too. */
  async close(): Promise<void> {
    const end = performance.now() + CLOSE_MS;
    this.#lastReadAt = performance.now();
    // A process that the application has left behind may hold a stream open: so, until it is quiet.
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 4));
      const now = performance.now();
      const isQuiet = !this.#isPaused && now - this.#lastReadAt > QUIET_MS;
      if (this.#streams.size === 0 || isQuiet || now > end) break;
    }
    this.#server.close();
    for (const stream of this.#streams) stream.close();
  }

  #onConnection(socket: Socket): void {
    const stream: OutputStream = new OutputStream(socket, this.#log, {
      onRead: () => {
        this.#lastReadAt = performance.now();
        if (this.#log.isBehind) this.#setPaused(true);
      },
      onClosed: () => this.#streams.delete(stream),
    });
    this.#streams.add(stream);
    stream.setPaused(this.#isPaused);
  }

  /** While nobody reads the log, nobody reads the application either: it waits when it prints, as it would at a full pipe. */
  #setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    for (const stream of this.#streams) stream.setPaused(isPaused);
  }
}

interface StreamEvents {
  onRead(): void;
  onClosed(): void;
}

class OutputStream {
  readonly #socket: Socket;
  readonly #log: MessageLog;
  #hello: Buffer | undefined = Buffer.alloc(0);
  #reader: OutputReader | undefined;
  /** Lines of one read leave in one write. */
  #lines = "";
  #timer: NodeJS.Timeout | undefined;
  /** Runs while somebody has connected and says nothing, though we would read it. */
  #patience: NodeJS.Timeout | undefined;

  constructor(socket: Socket, log: MessageLog, events: StreamEvents) {
    this.#socket = socket;
    this.#log = log;
    socket.on("data", (chunk: Buffer) => {
      this.#onData(chunk);
      events.onRead();
    });
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => {
      this.#end();
      events.onClosed();
    });
  }

  setPaused(isPaused: boolean): void {
    clearTimeout(this.#patience);
    if (!isPaused && this.#hello !== undefined)
      this.#patience = setTimeout(() => this.#socket.destroy(), HELLO_TIMEOUT_MS);
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  close(): void {
    this.#end();
    this.#socket.destroy();
  }

  #end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#reader?.end();
    this.#reader = undefined;
    this.#write();
  }

  #onData(chunk: Buffer): void {
    clearTimeout(this.#timer);
    if (this.#reader === undefined) this.#readHello(chunk);
    else this.#reader.push(chunk);
    this.#write();
    if (this.#reader?.isWithinLine !== true) return;
    this.#timer = setTimeout(() => {
      this.#reader?.flush();
      this.#write();
    }, PARTIAL_LINE_MS);
  }

  #readHello(chunk: Buffer): void {
    this.#hello = Buffer.concat([this.#hello ?? Buffer.alloc(0), chunk]);
    const end = this.#hello.indexOf(0x0a);
    if (end === -1 && this.#hello.length < MAX_HELLO_BYTES) return;
    const hello = parseHello(this.#hello.toString("utf8", 0, Math.max(end, 0)));
    if (hello === undefined) {
      this.#socket.destroy();
      return;
    }
    const rest = this.#hello.subarray(end + 1);
    this.#hello = undefined;
    clearTimeout(this.#patience);
    this.#reader = new OutputReader(hello.mark, (message) => {
      const level = message.isReport ? "error" : "info";
      this.#lines += this.#log.format(level, message.text, fieldsOf(hello, message));
    });
    this.#reader.push(rest);
  }

  #write(): void {
    if (this.#lines === "") return;
    this.#log.write(this.#lines);
    this.#lines = "";
  }
}

function fieldsOf({ pid, worker, stream }: Hello, message: OutputMessage): LogFields {
  return {
    pid,
    source: message.isReport ? (worker === 0 ? "zygote" : "worker") : "application",
    ...(worker === 0 ? { stage: "import" } : { worker }),
    ...(message.isReport ? {} : { stream }),
    ...(message.requestId === "" ? {} : { request_id: message.requestId }),
  };
}

function parseHello(line: string): Hello | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isHello(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isHello(value: unknown): value is Hello {
  if (typeof value !== "object" || value === null) return false;
  return (
    "pid" in value &&
    typeof value.pid === "number" &&
    "worker" in value &&
    typeof value.worker === "number" &&
    "stream" in value &&
    (value.stream === "stdout" || value.stream === "stderr" || value.stream === "reports") &&
    "mark" in value &&
    typeof value.mark === "string" &&
    /^[\da-f]{32}$/.test(value.mark)
  );
}
