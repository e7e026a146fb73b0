// A worker of the front: calls the application for one request at a time, and may block as long as it likes.

import { app, echo } from "./app.ts";
import type { WorkerAnswer } from "./front.ts";

process.on("SIGINT", () => {}); // Ctrl-C reaches the whole process group; a worker ends with its front
process.on("disconnect", () => process.exit(0));
process.on("message", ({ path, message }: { path?: string; message?: string }) => {
  process.send?.(message === undefined ? call(path ?? "/") : { status: 200, body: echo(message) });
});

function call(path: string): WorkerAnswer {
  let status = 500;
  const body = app({ PATH_INFO: path }, (text) => {
    status = Number(text.slice(0, 3));
  });
  return { status, body: [...body].join("") };
}
