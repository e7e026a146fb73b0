// The server that Node is made for: one thread, an event loop that sleeps until any of its connections has something, and an application
// that is called in that same thread.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { print } from "../settings.ts";
import { app, echo } from "./app.ts";
import { acceptWebSocket, sendMessage } from "./websocket.ts";

export function makeEventLoopServer(): Server {
  const server = createServer((request, response) => answer(request, response));
  server.on("upgrade", (request, socket) => {
    // A connection more for the loop, and nothing else: this is what ASGI brought to Python.
    acceptWebSocket(request, socket, (message) => sendMessage(socket, echo(message)));
  });
  watchTheLoop();
  return server;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const body = app({ PATH_INFO: request.url ?? "/" }, (status, headers) => {
    response.statusCode = Number(status.slice(0, 3));
    for (const [name, value] of headers) response.setHeader(name, value);
  });
  response.end([...body].join(""));
}

/** A timer that comes late tells how long nobody was served. */
function watchTheLoop(): void {
  let dueMs = performance.now() + 100;
  setInterval(() => {
    const lateMs = performance.now() - dueMs;
    if (lateMs > 500) print(`the event loop stood still for ${(lateMs / 1000).toFixed(1)} s`);
    dueMs = performance.now() + 100;
  }, 100);
}
