// Runs the steps of a chapter for real, in a directory of their own on free ports, and returns what a person would have seen. The page names
// the usual ports and paths.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePorts } from "../../test/support/free-ports.ts";
import { ROOT, serverEnvironment, waitFor } from "../../test/support/server.ts";
import type { Step } from "./chapters.ts";

const TERMINAL = join(ROOT, "test/support/terminal.py");
const PORTS = ["8888", "8889"] as const;
/** On the page, in place of what this machine calls them. */
const SHOWN_DIRECTORY = "/srv/shop";
const SHOWN_ROOT = "/opt/rickhouse";

interface Server {
  readonly child: ChildProcess;
  printed: string;
  /** Up to where it was shown. */
  shown: number;
}

export class TourRunner {
  readonly directory = mkdtempSync(join(tmpdir(), "tour-"));
  readonly #python: string;
  readonly #names: ReadonlyMap<string, string>;
  #server: Server | undefined;

  private constructor(python: string, names: ReadonlyMap<string, string>) {
    this.#python = python;
    this.#names = names;
    for (const name of ["path", "tmp"]) mkdirSync(join(this.directory, name));
    symlinkSync(join(ROOT, "bin/rickhouse"), join(this.directory, "path/rickhouse"));
  }

  /** `python`: of the environment that the application needs. */
  static async create(python: string): Promise<TourRunner> {
    const free = await freePorts(PORTS.length);
    return new TourRunner(python, new Map(PORTS.map((port, index) => [port, String(free[index])])));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  /** What is seen; "" for what only makes ready. */
  async step(step: Step): Promise<string> {
    if ("serve" in step) return this.#serve(step.serve, step.onTerminal === true);
    if ("run" in step) return `$ ${step.run}\n${await this.#run(step.run, step.status ?? 0)}`;
    if ("write" in step) this.write(step.write, step.text);
    else if ("before" in step) await this.#run(step.before, 0);
    else if ("end" in step) await this.end();
    else return this.#printed(step.printed);
    return "write" in step ? `$ cat ${step.write}\n${step.text}` : "";
  }

  async end(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const { child } = server;
    // Its terminal's end is the hang-up that ends a server.
    if (child.stdin !== null) child.stdin.end();
    // `rickhouse stop` may have ended it.
    else if (child.exitCode === null) child.kill("SIGTERM");
    await waitFor("the server's end", () => child.exitCode !== null, 35_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #serve(command: string, onTerminal: boolean): Promise<string> {
    await this.end();
    const here = `exec ${this.#here(command)}`;
    const [program, ...args] = onTerminal
      ? ["python3", TERMINAL, "/bin/bash", "-c", here]
      : ["/bin/bash", "-c", here];
    const child = spawn(program ?? "", args, {
      cwd: this.directory,
      env: this.#environment(),
      detached: true,
      stdio: [onTerminal ? "pipe" : "ignore", "pipe", "pipe"],
    });
    const server: Server = { child, printed: "", shown: 0 };
    this.#server = server;
    const keep = (chunk: Buffer): void => void (server.printed += chunk.toString());
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const banner = /--admin|\bdev\b/.test(command) ? /admin at [^]*\n/ : /serving [^]*\n/;
    await waitFor(`${command}: its banner`, () => {
      if (child.exitCode !== null) throw new Error(`${command} ended: ${server.printed}`);
      return banner.test(server.printed);
    });
    return `$ ${command}\n${this.#rest(server)}`;
  }

  async #printed(until: RegExp): Promise<string> {
    const server = this.#server;
    if (server === undefined) throw new Error("no server");
    await waitFor(`${until.source} in ${server.printed}`, () =>
      until.test(withoutColours(server.printed.slice(server.shown))),
    );
    return this.#rest(server);
  }

  #rest(server: Server): string {
    const end = server.printed.lastIndexOf("\n") + 1;
    const text = server.printed.slice(server.shown, end);
    server.shown = end;
    return this.#shown(text);
  }

  async #run(command: string, status: number): Promise<string> {
    const awaited = / & rickhouse-await (\S+) (\S+)$/.exec(command);
    const plain = awaited === null ? command : command.slice(0, awaited.index + 2);
    const child = spawn("/bin/bash", ["-c", this.#here(plain)], {
      cwd: this.directory,
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    const keep = (chunk: Buffer): void => void (said += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    await waitFor(`${command}: its end`, () => child.exitCode !== null, 60_000);
    if (child.exitCode !== status)
      throw new Error(`${command} ended with ${String(child.exitCode)}: ${said}`);
    if (awaited !== null) await this.#running(awaited[2] ?? "");
    return this.#shown(said);
  }

  /** A worker runs a request of this path. */
  async #running(path: string): Promise<void> {
    await waitFor(`a worker that runs ${path}`, async () =>
      (await read(Number(this.#names.get("8889")), "/status")).includes(`"path":"${path}"`),
    );
  }

  #here(command: string): string {
    return command.replaceAll(/\b888[89]\b/g, (port) => this.#names.get(port) ?? port);
  }

  #shown(text: string): string {
    let shown = text.replaceAll("\r\n", "\n");
    for (const [port, real] of this.#names) shown = shown.replaceAll(`:${real}`, `:${port}`);
    shown = shown.replaceAll(join(this.directory, "tmp"), "/tmp");
    shown = shown.replaceAll(this.directory, SHOWN_DIRECTORY).replaceAll(ROOT, SHOWN_ROOT);
    return shown === "" || shown.endsWith("\n") ? shown : `${shown}\n`;
  }

  #environment(): NodeJS.ProcessEnv {
    const { PORT: _, WEB_CONCURRENCY: __, VIRTUAL_ENV: ___, ...environment } = serverEnvironment();
    const path = [
      join(this.directory, "path"),
      dirname(process.execPath),
      process.env["PATH"] ?? "",
    ];
    return {
      ...environment,
      PATH: path.join(delimiter),
      TMPDIR: join(this.directory, "tmp"),
      RICKHOUSE_BIND: `127.0.0.1:${this.#names.get("8888")}`,
      RICKHOUSE_PYTHON: this.#python,
    };
  }
}

export function withoutColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- it is what is looked for
  return text.replaceAll(/\u001b\[\d*m/g, "");
}

function read(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        resolve(text);
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
