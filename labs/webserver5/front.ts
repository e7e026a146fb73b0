// A front, a queue and worker processes: the event loop keeps the connections, and never calls the application. A request waits in the
// queue until a worker is free. A WebSocket holds its worker until it ends, because a WSGI application is called once and then blocks.

import { type ChildProcess, fork } from "node:child_process";
import { createServer, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { print } from "../settings.ts";
import { acceptWebSocket, sendMessage } from "./websocket.ts";

/** Something that needs a worker: starts with it, and gives it back by `release`. */
type Job = (worker: ChildProcess, release: () => void) => void;

export interface WorkerAnswer {
  readonly status: number;
  readonly body: string;
}

export function makeFront(workerCount: number): Server {
  const queue: Job[] = [];
  const free = Array.from({ length: workerCount }, () =>
    fork(join(import.meta.dirname, "worker.ts")),
  );

  const dispatch = (): void => {
    while (queue.length > 0 && free.length > 0) {
      const [job, worker] = [queue.shift(), free.shift()];
      if (job === undefined || worker === undefined) return;
      job(worker, () => {
        worker.removeAllListeners("message");
        free.push(worker);
        dispatch();
      });
    }
    print(`${workerCount - free.length} of ${workerCount} workers busy, ${queue.length} waiting`);
  };
  const enqueue = (job: Job): void => {
    queue.push(job);
    dispatch();
  };

  const server = createServer((request, response) => {
    if (request.url === "/health") response.end("The front is well.\n");
    else enqueue(requestJob(request.url ?? "/", response));
  });
  server.on("upgrade", (request, socket) => {
    enqueue((worker, release) => {
      worker.on("message", ({ body }: WorkerAnswer) => sendMessage(socket, body));
      acceptWebSocket(request, socket, (message) => worker.send({ message }));
      socket.once("close", release);
    });
  });
  return server;
}

function requestJob(path: string, response: ServerResponse): Job {
  return (worker, release) => {
    worker.once("message", ({ status, body }: WorkerAnswer) => {
      response.statusCode = status;
      response.end(body);
      release();
    });
    worker.send({ path });
  };
}
