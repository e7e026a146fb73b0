// bin/lab: lists the labs, or runs one. A lab is a file of this directory that does its work when it is loaded.

import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { print, UsageError } from "./settings.ts";

interface Lab {
  readonly title: string;
  /** What others called the same step. */
  readonly alias?: string;
  /** File of the variant for systems where fork is refused. */
  readonly withoutFork?: string;
}

const LABS: Readonly<Record<string, Lab>> = {
  webserver1: { title: "a socket that listens, one request after the other" },
  client1: { title: "the other side: a bare socket" },
  webserver2: { title: "the WSGI idea: any application, module:app" },
  webserver3a: { title: "iterative: one client at a time", alias: "iterativeserver" },
  webserver3b: { title: "the same, asleep after each answer", alias: "sleepserver" },
  webserver3c: forking("a child for each request", "concurrentserver"),
  webserver3d: forking("the parent does not close: hanging clients, zombies", "concurrentserver2"),
  webserver3e: forking("SIGCHLD and wait: accept dies of EINTR"),
  webserver3f: forking("accept again after EINTR: zombies under load", "concurrentserver3"),
  webserver3g: forking("waitpid in a loop: the final server", "concurrentserver_final"),
  client3: { ...forking("many clients at once", "client2"), withoutFork: "client.ts" },
  webserver4: { title: "the classes of the standard library; --fork, --thread" },
  buffers: { title: "what the kernel keeps between write and read: five experiments" },
  forkserver: forking("HttpServer, HttpRequestParser, HttpForkServer"),
  webserver5: { title: "the event loop, what stalls it, and the way out: --workers N" },
  client5: { title: "ten thousand clients, or WebSockets, for webserver5" },
};

function forking(title: string, alias?: string): Lab {
  return { title, withoutFork: "server.ts", ...(alias === undefined ? {} : { alias }) };
}

const ROOT = join(import.meta.dirname, "..");

const [asked, ...rest] = process.argv.slice(2);
if (asked === undefined || asked === "--help") {
  list();
} else {
  await run(asked, rest);
}

function list(): void {
  print("Usage: bin/lab NAME [arguments]     labs/README.md tells about each\n");
  for (const [name, { title }] of Object.entries(LABS)) print(`  ${name.padEnd(12)} ${title}`);
}

async function run(name: string, options: readonly string[]): Promise<void> {
  const found = Object.entries(LABS).find(([lab, { alias }]) => lab === name || alias === name);
  if (found === undefined) fail(`no lab ${name}; bin/lab lists them`);
  if (!existsSync(join(ROOT, "node_modules/koffi")))
    fail("the labs need the package koffi: run npm ci");

  const [lab, { withoutFork }] = found;
  process.argv = [process.execPath, lab, ...options];
  const { exit } = await import("./posix/processes.ts");
  try {
    const variant = withoutFork === undefined ? undefined : await refusedVariant(withoutFork);
    await import(variant ?? `./${lab}.ts`);
  } catch (error) {
    // In a forked child too, which must not go on as if it were the parent.
    if (error instanceof UsageError) fail(`${lab}: ${error.message}`);
    writeSync(2, `${traceOf(error)}\n`);
    exit(1);
  }
}

/** The file that runs instead when this process cannot be forked; FORK=no shows it anywhere. */
async function refusedVariant(file: string): Promise<string | undefined> {
  const { ForkRefused, makeForkable } = await import("./posix/v8-fork.ts");
  try {
    makeForkable();
    return undefined;
  } catch (error) {
    if (!(error instanceof ForkRefused)) throw error;
    print(`${error.message}; running the variant with child_process instead`);
    return `./without-fork/${file}`;
  }
}

/** The stack as far as it is the lab's, with paths from the checkout. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = error.stack?.split("\n") ?? [];
  const own = lines.filter((line) => !/^ +at .*(node:internal|labs\/run\.ts)/.test(line));
  return own.join("\n").replaceAll(pathToFileURL(`${ROOT}/`).href, "");
}

function fail(message: string): never {
  writeSync(2, `lab: ${message}\n`);
  process.exit(2);
}
