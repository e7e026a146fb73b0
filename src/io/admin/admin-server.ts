// The HTTP side of an admin address: who may ask, which path answers what. Made only when there is somebody to ask. Everything comes from
// the front's own state at once, so an answer never waits for a worker. Knows no listener: sockets are handed in.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { AdminConnections } from "./admin-connections.ts";
import { answerVerb, verbsOf } from "./control.ts";
import { EventStream } from "./events.ts";
import type { Guard } from "./guard.ts";
import { exposition, EXPOSITION_TYPE } from "../../core/metrics/exposition.ts";
import type { PoolStatus } from "../workers/pool-status.ts";
import { send, sendJson, sendText } from "./answers.ts";
import { EventLoopDelay } from "./event-loop-delay.ts";
import { ownFamilies } from "./metrics.ts";
import { readPageFiles, sendPageFile } from "./page-files.ts";
import { readProcesses } from "../process-figures.ts";
import { statusDocument } from "./status.ts";
import { unreadiness, type AdminSubject } from "./subject.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Who asks here is a person, a probe or a scraper: none of them is slow. */
const REQUEST_TIMEOUT_MS = 10_000;

export class AdminServer {
  readonly #guard: Guard;
  readonly #http: Server;
  readonly #connections: AdminConnections;
  /** By path, then by method. HEAD is answered as GET, without the body. */
  readonly #routes: ReadonlyMap<string, Readonly<Record<string, Answer>>>;

  #pageFiles: ReturnType<typeof readPageFiles> | undefined;

  constructor(subject: AdminSubject, guard: Guard, maxConnections: number) {
    this.#guard = guard;
    this.#connections = new AdminConnections({
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      most: maxConnections,
    });
    this.#routes = routesOf(subject);
    // Not imported: that would ask for all that the module has, and load Node's fetch for its WebSocket: 7 MiB and 15 ms for nothing.
    const { createServer } = process.getBuiltinModule("node:http");
    this.#http = createServer((request, response) => {
      this.#connections.asked(request, response);
      void this.#answer(request, response);
    });
  }

  /** Answers what comes on this socket. */
  accept(socket: Socket): void {
    this.#connections.add(socket);
    this.#http.emit("connection", socket);
    socket.resume(); // Listeners hand out sockets that have not begun to read.
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method = "" } = request;
    const path = (request.url ?? "").replace(/\?.*$/s, "");
    const objection = this.#guard.objection({
      method,
      path,
      host: headers.host,
      origin: headers.origin,
      authorization: headers.authorization,
      fetchSite: fieldOf(headers["sec-fetch-site"]),
      fetchMode: fieldOf(headers["sec-fetch-mode"]),
    });
    if (objection !== undefined) {
      // A browser that hears this asks its user for a name (any) and a password (the token).
      if (objection.status === 401) response.setHeader("WWW-Authenticate", "Basic realm=rickhouse");
      sendJson(response, objection.status, { error: objection.text });
      return;
    }
    await this.#carryOut((_, to) => this.#take(request, to, { method, path }), request, response);
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    { method, path }: { readonly method: string; readonly path: string },
  ): Promise<void> {
    const route = this.#routes.get(path) ?? this.#pageRoute(path);
    const answer = route?.[method === "HEAD" ? "GET" : method];
    if (route === undefined) sendJson(response, 404, { error: `nothing is at ${path}` });
    else if (answer === undefined) {
      response.setHeader("Allow", Object.keys(route).join(", "));
      sendJson(response, 405, { error: `${path} takes ${Object.keys(route).join(", ")}` });
    } else await answer(request, response);
  }

  /** What is on the disk later may be another version. */
  readPage(): void {
    this.#pageFiles ??= readPageFiles();
  }

  /** What nothing else answers may be a file of the live page. */
  #pageRoute(path: string): Readonly<Record<string, Answer>> | undefined {
    this.readPage();
    const file = this.#pageFiles?.get(path);
    return file && { GET: (_, response) => sendPageFile(response, file) };
  }

  /** A fault of ours costs the one who asked an answer, not the server. */
  async #carryOut(
    answer: Answer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      await answer(request, response);
    } catch (error) {
      if (response.headersSent || request.destroyed) response.destroy();
      else sendJson(response, 500, { error: error instanceof Error ? error.message : "unknown" });
    }
  }
}

function routesOf(subject: AdminSubject): Map<string, Readonly<Record<string, Answer>>> {
  const loop = new EventLoopDelay();
  const events = new EventStream(subject);
  const verbs = Object.entries(verbsOf(subject)).map(
    ([path, verb]) =>
      [
        path,
        { POST: (request, response) => answerVerb(verb, request, response) },
      ] as const satisfies [string, Record<string, Answer>],
  );
  return new Map<string, Readonly<Record<string, Answer>>>([
    ...verbs,
    [
      "/events",
      {
        GET: (_, response) => {
          if (!events.add(response)) sendJson(response, 503, { error: "too many listen already" });
        },
      },
    ],
    ["/livez", { GET: (_, response) => sendText(response, 200, "alive") }],
    [
      "/readyz",
      {
        GET: (_, response) => {
          const reason = unreadiness(subject);
          sendText(response, reason === undefined ? 200 : 503, reason ?? "ready");
        },
      },
    ],
    [
      "/status",
      {
        GET: async (_, response) => {
          const pool = subject.pool();
          const processes = await readProcesses(pidsOf(pool), { withShares: true });
          sendJson(response, 200, statusDocument(subject, pool, processes));
        },
      },
    ],
    [
      "/metrics",
      {
        GET: async (_, response) => {
          const pool = subject.pool();
          const { endedCpuSeconds } = subject.figures;
          const pids = [process.pid, ...pidsOf(pool)];
          const processes = await readProcesses(pids, { withShares: true });
          const connections = subject.connections();
          const scrape = {
            subject,
            pool,
            connections,
            processes,
            endedCpuSeconds,
            loop: loop.read(),
          };
          const application = (await subject.applicationFamilies?.()) ?? [];
          // A name of ours that the application uses too would make the whole scrape invalid.
          const theirs = application.filter(({ name }) => !name.startsWith("rickhouse_"));
          const text = exposition([...ownFamilies(scrape), ...theirs]);
          send(response, 200, EXPOSITION_TYPE, text);
        },
      },
    ],
  ]);
}

function pidsOf(pool: PoolStatus): number[] {
  return pool.workers.flatMap(({ pid }) => pid ?? []);
}

function fieldOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
