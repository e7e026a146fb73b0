// Keep-alive clients that do what HTTP asks of them: they close and connect again where an answer says `Connection: close`, and leave
// when nobody listens any more. Whatever else becomes of a request is a failure of the server.

import { connect, type Socket } from "node:net";
import { message } from "./requests.ts";

export interface PoliteLoadOptions {
  readonly port: number;
  readonly clients: number;
  readonly target?: string;
  /** Each request on a connection of its own, as `Connection: close` asks for it. */
  readonly isOneEach?: boolean;
  /** Each client waits so long between an answer and its next request. */
  readonly pauseMs?: number;
}

export interface PoliteLoad {
  /** Answered with 200 so far. */
  readonly answered: number;
  /** One line for each request that was not: where an answer told the id of its request, with that in brackets behind it. */
  readonly failures: readonly string[];
  /** Of the answers, those that said `Connection: close`. */
  readonly farewells: number;
  /** No further requests. */
  stop(): void;
  /** Resolves when every client has ended: after stop(), or when it found nobody listening. */
  readonly over: Promise<void>;
}

/** In place of the first line's end. */
const LAST_OF_ITS_CONNECTION = "\r\nConnection: close\r\n";

export function startPoliteLoad(options: PoliteLoadOptions): PoliteLoad {
  const state = { answered: 0, farewells: 0, failures: [] as string[], isOver: false };
  const clients = Array.from({ length: options.clients }, () => runClient(options, state));
  const over = Promise.all(clients).then(() => {});
  return {
    get answered() {
      return state.answered;
    },
    get farewells() {
      return state.farewells;
    },
    failures: state.failures,
    stop: () => {
      state.isOver = true;
    },
    over,
  };
}

interface State {
  answered: number;
  farewells: number;
  readonly failures: string[];
  isOver: boolean;
}

/** Connection after connection, until nobody listens. */
async function runClient(options: PoliteLoadOptions, state: State): Promise<void> {
  while (!state.isOver && (await runConnection(options, state))) {
    // The next one.
  }
}

/** False when the server could not be reached. */
function runConnection(options: PoliteLoadOptions, state: State): Promise<boolean> {
  return new Promise((resolve) => {
    let received = "";
    let isConnected = false;
    let isWaiting = false;
    const socket: Socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    const sendNext = (): void => {
      if (!socket.writable) return; // The server ended an idle connection: "close" follows.
      if (state.isOver) {
        socket.end();
        return;
      }
      isWaiting = true;
      const request = message("GET", options.target ?? "/");
      socket.write(options.isOneEach ? request.replace("\r\n", LAST_OF_ITS_CONNECTION) : request);
    };
    socket.setEncoding("latin1");
    socket.on("connect", () => {
      isConnected = true;
      sendNext();
    });
    socket.on("data", (text: string) => {
      received += text;
      const head = wholeAnswer(received);
      if (head === undefined) return;
      received = "";
      isWaiting = false;
      if (head.startsWith("HTTP/1.1 200 ")) state.answered++;
      else state.failures.push(failureOf(head));
      if (/^connection: close\r?$/im.test(head)) {
        state.farewells++;
        socket.end();
      } else if (options.pauseMs === undefined) sendNext();
      else setTimeout(sendNext, options.pauseMs);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Refused before anything was sent is no failure: this server is gone.
      if (error.code === "ECONNREFUSED" && !isConnected) return;
      state.failures.push(`${error.code ?? error.message}${isWaiting ? " with a request" : ""}`);
      isWaiting = false;
    });
    socket.on("end", () => {
      if (isWaiting) state.failures.push(`the end after ${JSON.stringify(received)}`);
      isWaiting = false;
    });
    socket.on("close", () => {
      resolve(isConnected);
    });
  });
}

function failureOf(head: string): string {
  const id = /^x-request-id: (\S+)/im.exec(head)?.[1];
  return head.slice(0, head.indexOf("\r\n")) + (id === undefined ? "" : ` [${id}]`);
}

/** The head, once the body has come too. Only answers with a Content-Length, which all test applications give. */
function wholeAnswer(text: string): string | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd + 2);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
  return text.length < headEnd + 4 + length ? undefined : head;
}
