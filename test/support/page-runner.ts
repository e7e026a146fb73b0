// Runs the commands of one page as its reader would, from top to bottom in one directory. A server stays until the next one is started, or
// the page ends; then it has to end well. Fixed ports and /run become free ones and a directory of this run.

import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { ROOT, serverEnvironment, waitFor } from "./server.ts";

/** Ports that pages name. */
const PORTS = ["8888", "8889", "8000", "8001", "8002"] as const;
const COMMAND_DEADLINE_MS = 60_000;

/** What begins like this starts a server, unless a command of another kind follows. */
const STARTS_SERVER =
  /^(?:\w+=\S+ )*(?:(?:bin\/|npx )?rickhouse|python -m rickhouse)\b(?! (?:check|config|status|reload|scale|stacks|log-level|stop|from-gunicorn|--help|--version)\b)/;

export class PageRunner {
  readonly directory = mkdtempSync(join(tmpdir(), "rh-docs-"));
  readonly #texts: ReadonlyMap<string, string>;
  #isDisposed = false;
  #server: { readonly child: ChildProcess; readonly pid: number; readonly log: string } | undefined;

  private constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
    cpSync(join(ROOT, "test/docs/site"), this.directory, { recursive: true });
    for (const name of ["path", "run", "tmp"]) mkdirSync(join(this.directory, name));
    // As in a checkout, and as after an installation.
    symlinkSync(join(ROOT, "bin"), join(this.directory, "bin"));
    symlinkSync(join(ROOT, "examples"), join(this.directory, "examples"));
    symlinkSync(join(ROOT, "bin/rickhouse"), join(this.directory, "path/rickhouse"));
  }

  static async create(): Promise<PageRunner> {
    const free = await freePorts(PORTS.length);
    return new PageRunner(new Map(PORTS.map((port, index) => [port, String(free[index])])));
  }

  writeFile(name: string, text: string): void {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, this.#here(text));
  }

  /** Throws unless the command ends with 0, or serves. */
  async run(command: string): Promise<void> {
    if (STARTS_SERVER.test(command)) await this.endServer();
    if (this.#isDisposed) throw new Error("the page has ended");
    const child = spawn("bash", ["-c", this.#here(command)], {
      cwd: this.directory,
      env: this.#environment(),
      // A group of its own, so that all of it can be ended.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    let pid: number | undefined;
    try {
      await waitFor(
        `${command}: its end, or a server`,
        () => {
          const banner = /serving [^\n]*process (\d+)\)/.exec(said);
          pid = banner === null ? undefined : Number(banner[1]);
          return pid !== undefined || hasEnded(child);
        },
        COMMAND_DEADLINE_MS,
      );
      if (pid === undefined) {
        if (child.exitCode !== 0)
          throw new Error(`${command} ended with ${String(child.exitCode)}:\n${said}`);
        return;
      }
      this.#server = { child, pid, log: said };
      await answers(said);
    } catch (error) {
      killGroup(child);
      throw error;
    }
  }

  /** SIGTERM to the server, if there is one, and the end that it should have. */
  async endServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    try {
      // A command of the page may have ended it.
      if (!hasEnded(server.child)) process.kill(server.pid, "SIGTERM");
      await waitFor("the server's end", () => hasEnded(server.child), 35_000);
      if (server.child.exitCode !== 0)
        throw new Error(`the server ended with ${String(server.child.exitCode)}: ${server.log}`);
    } finally {
      killGroup(server.child);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    try {
      await this.endServer();
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  /** Text of a page, as it can be run here. */
  #here(text: string): string {
    let here = text.replaceAll("/run/rickhouse/", `${this.directory}/run/`);
    if (!hasIpv6()) here = here.replaceAll(/ --bind '\[::\]:\d+'/g, "");
    return here.replaceAll(/\b\d{4}\b/g, (digits) => this.#texts.get(digits) ?? digits);
  }

  #environment(): NodeJS.ProcessEnv {
    const { PORT: _, WEB_CONCURRENCY: __, ...environment } = serverEnvironment();
    const path = [
      join(this.directory, "path"),
      join(ROOT, ".venv/bin"),
      dirname(process.execPath),
      process.env["PATH"] ?? "",
    ];
    return {
      ...environment,
      PATH: path.join(delimiter),
      VIRTUAL_ENV: join(ROOT, ".venv"),
      TMPDIR: join(this.directory, "tmp"),
      RICKHOUSE_BIND: `127.0.0.1:${this.#texts.get("8888")}`,
      RICKHOUSE_WORKERS: "1",
    };
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** What is left of a command, if anything is: its own group, and nothing else. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The first address of the banner answers, and not with an error of the server's own. */
async function answers(banner: string): Promise<void> {
  const [, host, port] = /serving [^\n]*? at http:\/\/([^ ]*):(\d+)/.exec(banner) ?? [];
  const socketPath = /serving [^\n]*? at [^\n]*?unix:([^ ,]+)/.exec(banner)?.[1];
  const where =
    port === undefined
      ? { socketPath }
      : { host: host === "0.0.0.0" || host === "[::]" ? "127.0.0.1" : host, port: Number(port) };
  const status = await new Promise<number>((resolve, reject) => {
    const limit = { signal: AbortSignal.timeout(15_000) };
    const sent = request({ ...where, ...limit, path: "/", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end();
  });
  if (status >= 500) throw new Error(`answered with ${status}: ${banner}`);
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((all) =>
    all?.some(({ family }) => family === "IPv6"),
  );
}
