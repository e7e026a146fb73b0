// A real server under test: the launcher, real Python, real sockets. Every wait has a deadline and ends when its condition holds; what is
// left running when a test ends is an error of that test.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { childrenOf, isAlive, tcpSocketsOf } from "./processes.ts";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");
const LAUNCHER = join(ROOT, "bin/rickhouse");
const APPS = join(ROOT, "test/apps");

/** All deadlines of tests, multiplied by this: slow machines set RICKHOUSE_TEST_PATIENCE. */
const PATIENCE = Number(process.env["RICKHOUSE_TEST_PATIENCE"] ?? "1");
const DEFAULT_DEADLINE_MS = 15_000;

/** The time of the monotonic clock at which something must have happened. */
export function deadlineIn(ms: number): number {
  return performance.now() + ms * PATIENCE;
}

/** Polls until `condition` gives something else than undefined or false. Throws with `what` after the deadline. */
export async function waitFor<T>(
  what: string | (() => string),
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs: number = DEFAULT_DEADLINE_MS,
): Promise<T> {
  const end = deadlineIn(deadlineMs);
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end)
      throw new Error(`waited in vain: ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** This process' own, but for what is for the tests alone: a server would say that it knows no such option. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("RICKHOUSE_TEST_")),
  );
}

export interface ServerOptions {
  /** Further arguments. `--bind` with a free port and `--access-log off` are given unless named here. */
  readonly args?: readonly string[];
  /** Addresses in place of the free port; none: no --bind at all. */
  readonly bind?: readonly string[];
  /** The server's configuration says where the access log goes. */
  readonly logsAccess?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The server's TMPDIR; a fresh one if not given. */
  readonly directory?: string;
  /** What starts the launcher, with the launcher as its last arguments. */
  readonly startedBy?: readonly string[];
  /** What `ulimit -Sn` says where the server is started. */
  readonly softFileLimit?: number;
}

export class ServerUnderTest implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly temporaryDirectory: string;
  #output = "";
  #errors = "";
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #isDisposed = false;

  /** `application` is null where the server's configuration names it. */
  constructor(application: string | null, options: ServerOptions = {}) {
    const args = [...(options.args ?? [])];
    if (options.bind !== undefined) args.push(...options.bind.flatMap((at) => ["--bind", at]));
    else if (!args.includes("--bind")) args.push("--bind", "127.0.0.1:0");
    if (!args.includes("--access-log") && options.logsAccess !== true)
      args.push("--access-log", "off");
    this.temporaryDirectory = options.directory ?? ServerUnderTest.makeDirectory();
    const limit =
      options.softFileLimit === undefined ? "" : `ulimit -Sn ${options.softFileLimit}; `;
    // Descriptor 7 is what a careless parent leaves open: the application must never see it.
    const [first, ...rest] = [...(options.startedBy ?? []), LAUNCHER];
    const command = [
      "-c",
      `${limit}exec "$0" "$@" 7<${LAUNCHER}`,
      first,
      ...rest,
      ...args,
      ...(application === null ? [] : [application]),
    ];
    this.process = spawn("/bin/sh", command, {
      cwd: options.cwd ?? ROOT,
      env: { ...serverEnvironment(), TMPDIR: this.temporaryDirectory, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.process.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString("latin1");
    });
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString("latin1");
    });
    this.process.on("exit", (code, signal) => {
      this.#exit = { code, signal };
    });
  }

  static makeDirectory(): string {
    return mkdtempSync(join(tmpdir(), "rickhouse-test-"));
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error("the server was not started");
    return pid;
  }

  get stdout(): string {
    return this.#output;
  }

  get stderr(): string {
    return this.#errors;
  }

  /** Resolves when the banner is out: workers are ready. */
  async ready(): Promise<this> {
    await waitFor("the banner", () => {
      if (this.#exit !== undefined) {
        throw new Error(`the server ended (${JSON.stringify(this.#exit)}): ${this.#errors}`);
      }
      return /(?: |")serving /.test(this.#errors);
    });
    return this;
  }

  /** The port of the first TCP address, from the banner. */
  get port(): number {
    const found = /(?: |")serving [^\n]*? at http:\/\/[^ ]*:(\d+)/.exec(this.#errors)?.[1];
    if (found === undefined) throw new Error(`no address in: ${this.#errors}`);
    return Number(found);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Worker processes: grandchildren of the front. */
  get workers(): number[] {
    return childrenOf(this.pid).flatMap((zygote) => childrenOf(zygote));
  }

  get zygotes(): number[] {
    return childrenOf(this.pid);
  }

  /** Client connections that the front has accepted. */
  get connections(): number {
    return tcpSocketsOf(this.pid).filter(
      ({ port, state }) => port === this.port && state !== "LISTEN" && state !== "other",
    ).length;
  }

  /** Of those, the ones whose client has sent FIN. */
  get halfClosedConnections(): number {
    return tcpSocketsOf(this.pid).filter(
      ({ port, state }) => port === this.port && state === "CLOSE_WAIT",
    ).length;
  }

  get listeningPorts(): number[] {
    return tcpSocketsOf(this.pid)
      .filter(({ state }) => state === "LISTEN")
      .map(({ port }) => port);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async exited(deadlineMs?: number): Promise<{ code: number | null; signal: string | null }> {
    return waitFor("the server's end", () => this.#exit, deadlineMs);
  }

  /** Resolves when this text was logged. */
  async logged(text: string | RegExp, deadlineMs?: number): Promise<void> {
    const isThere = (): boolean =>
      typeof text === "string" ? this.#errors.includes(text) : text.test(this.#errors);
    const what = (): string => `the log line ${String(text)} in ${this.#errors}`;
    await waitFor(what, isThere, deadlineMs);
  }

  /** SIGTERM, and the end that it should have; files of the test stay. */
  async exitAfterDrain(): Promise<void> {
    this.signal("SIGTERM");
    const { code, signal } = await this.exited(35_000);
    if (code !== 0) {
      throw new Error(`the server ended with ${String(code ?? signal)}: ${this.#errors}`);
    }
  }

  /** SIGTERM, and what every test wants to be true of the end: status 0, no process, no file left. */
  async stop(): Promise<void> {
    const tree = this.#tree();
    await this.exitAfterDrain();
    await this.#nothingLeft(tree);
  }

  /** Ends the test's server whatever state it is in; throws when something stays behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    const tree = this.#tree();
    if (this.#exit === undefined) {
      this.signal("SIGTERM");
      await this.exited(35_000).catch(() => {
        this.signal("SIGKILL");
      });
    }
    await this.#nothingLeft(tree);
  }

  #tree(): number[] {
    return this.#exit === undefined ? [...this.zygotes, ...this.workers] : [];
  }

  async #nothingLeft(tree: readonly number[]): Promise<void> {
    await waitFor(`the end of processes ${tree.join(" ")}`, () => !tree.some(isAlive));
    await waitFor(`an empty ${this.temporaryDirectory}`, () => {
      return readdirSync(this.temporaryDirectory).every((name) => !name.startsWith("rickhouse-"));
    });
    rmSync(this.temporaryDirectory, { recursive: true, force: true });
    this.#isDisposed = true;
  }
}

/** A ready server for `test/apps/<application>` (`module:callable`), for a path with a slash, or for what its configuration names. */
export async function startServer(
  application: string | null,
  options?: ServerOptions,
): Promise<ServerUnderTest> {
  const isOfTests = application?.includes("/") === false;
  const path = isOfTests ? join(APPS, application) : application;
  const server = new ServerUnderTest(path, options);
  try {
    return await server.ready();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
