// The WSGI interface in TypeScript, and where an application comes from: a module in TypeScript, or a Python module behind the bridge.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { close, connect, pipe, read, socket, writeAll } from "../posix/sockets.ts";
import { UsageError } from "../settings.ts";

/** What the server knows about a request: CGI variables and `wsgi.*` (PEP 3333). The body is bytes as latin-1. */
export type Environ = Readonly<Record<string, string | boolean>>;
export type Headers = readonly (readonly [name: string, value: string])[];
export type StartResponse = (status: string, headers: Headers) => void;
/** Called once for each request: gives status and headers to `startResponse`, returns the body. */
export type Application = (environ: Environ, startResponse: StartResponse) => Iterable<string>;

const ROOT = join(import.meta.dirname, "../..");
const PYTHON = join(ROOT, ".venv/bin/python");
/** Where a module is looked for that is not in the working directory. */
const PLACES = ["labs", "labs/apps", "examples"].map((place) => join(ROOT, place));

/** Finds `module:app` and starts the bridge if it is Python's. The result is for `openApplication`, in any thread or child. */
export function locateApplication(name: string): string {
  const [path = "", callable = "app"] = name.split(":");
  const found = [resolve(path), ...PLACES.map((place) => join(place, path))];
  const file = found.flatMap((each) => [`${each}.ts`, `${each}.py`]).find(existsSync);
  if (file === undefined)
    throw new UsageError(`no module ${path}.ts or ${path}.py here or in labs, labs/apps, examples`);
  return file.endsWith(".ts") ? `${file}:${callable}` : `bridge:${startBridge(file, callable)}`;
}

/** The callable that `locateApplication` has found. */
export async function openApplication(located: string): Promise<Application> {
  const [file = "", callable = ""] = located.split(":");
  if (file === "bridge") return bridged(Number(callable));
  const module: Record<string, unknown> = await import(file);
  const application = module[callable];
  if (!isCallable(application)) throw new UsageError(`${file} exports no ${callable}`);
  return application;
}

function isCallable(value: unknown): value is Application {
  return typeof value === "function";
}

/** A Python process that has imported the application, and ends when this process does. Returns its port. */
function startBridge(file: string, callable: string): number {
  const [reading, writing] = pipe();
  const python = existsSync(PYTHON) ? PYTHON : "python3";
  const args = [
    join(import.meta.dirname, "bridge.py"),
    dirname(file),
    basename(file, ".py"),
    callable,
  ];
  spawn(python, args, { stdio: ["pipe", "inherit", "inherit", writing] });
  close(writing);
  const port = read(reading, 16).toString();
  close(reading);
  if (port === "") throw new UsageError(`${file} cannot be imported`);
  return Number(port);
}

/** A WSGI callable that has the bridge on `port` call the real one. */
function bridged(port: number): Application {
  return (environ, startResponse) => {
    const connection = socket();
    connect(connection, { host: "127.0.0.1", port });
    const { "wsgi.input": body, ...rest } = environ;
    writeAll(connection, `${JSON.stringify({ environ: rest, body })}\n`);
    const answer: BridgeAnswer = JSON.parse(readToEnd(connection));
    close(connection);
    startResponse(answer.status, answer.headers);
    return [answer.body];
  };
}

interface BridgeAnswer {
  readonly status: string;
  readonly headers: Headers;
  readonly body: string;
}

function readToEnd(connection: number): string {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = read(connection, 65_536);
    if (piece.length === 0) return Buffer.concat(pieces).toString();
    pieces.push(piece);
  }
}
