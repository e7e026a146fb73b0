// The admin side of a server: opens the admin address, if there is one, and the control socket, and has both answered. What answers is made
// only when it is needed, and Node's HTTP is loaded with it: a server that nobody asks does not pay for that.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { checkSecret, type SecretSource } from "../../config/admin-address.ts";
import { BadValue } from "../../config/kinds.ts";
import { StartupError } from "../../config/startup-error.ts";
import { listen, type Listener } from "../net/listener.ts";
import { Guard } from "./guard.ts";
import type { AdminSubject } from "./subject.ts";
import type { AdminServer } from "./admin-server.ts";
import { errorCode } from "../../core/error-code.ts";
import { errorOf } from "../../core/error-of.ts";
import type { Log } from "../log.ts";

const BACKLOG = 64;
/** The socket that `rickhouse status` and the like find by themselves, in the private directory. */
export const CONTROL_SOCKET = "control.sock";

/** Of a server as unix sockets have it: 0600. Who may connect may steer the server: its own user. */
const OWN_USER = {
  backlog: BACKLOG,
  socketMode: 0o600,
  reusePort: false,
  ipv6Only: false,
} as const;

export class Admin {
  readonly #subject: AdminSubject;
  readonly #directory: string;
  readonly #maxConnections: number;
  #listener: Listener | undefined;
  /** Who answers at the address. */
  #server: AdminServer | undefined;
  #control: Listener | undefined;
  /** Who answers on the control socket. */
  #controlServer: AdminServer | undefined;
  readonly #log: Log;

  /** `directory`: the private one; `maxConnections`: of the address, and as many of the control socket. */
  constructor(subject: AdminSubject, directory: string, maxConnections: number, log: Log) {
    this.#subject = subject;
    this.#log = log;
    this.#maxConnections = maxConnections;
    this.#directory = directory;
  }

  /** Where the admin address is, for people; undefined without --admin. */
  get notice(): string | undefined {
    const url = this.#listener?.url;
    if (url === undefined) return undefined;
    return url.startsWith("http")
      ? `admin at ${url} (a live page in a browser)`
      : `admin at ${url}`;
  }

  /** Throws StartupError. */
  async open(): Promise<void> {
    const { admin, adminToken } = this.#subject.config;
    if (admin.kind === "off") return;
    const { AdminServer } = await import("./admin-server.ts");
    const server = new AdminServer(
      this.#subject,
      new Guard(readToken(adminToken)),
      this.#maxConnections,
    );
    this.#server = server;
    this.#listener = await listenForAdmin({
      ...OWN_USER,
      address: admin,
      onConnection: (socket) => {
        server.accept(socket);
      },
      onError: () => {}, // No descriptors are left, say: the main address says so too, and who asked asks again.
    });
  }

  /** What belongs in the private directory, once that is the server's own: the control socket, and the application's figures. */
  async openInside(): Promise<void> {
    const { admin, metricsBridge } = this.#subject.config;
    if (admin.kind !== "off" && metricsBridge === "auto") await this.#openBridge();
    await this.#openControl();
  }

  async #openBridge(): Promise<void> {
    const { MetricsBridge, variableOfAnother } = await import("./metrics-bridge.ts");
    const given = this.#subject.config.env.map(({ name }) => name);
    const variable = variableOfAnother([...Object.keys(process.env), ...given]);
    if (variable !== undefined) {
      this.#log.info(
        `${variable} is set: the application's own figures are left to the application, as with --metrics-bridge off`,
      );
      return;
    }
    const bridge = MetricsBridge.open(join(this.#directory, "figures"), process.env);
    this.#subject.applicationFamilies = () => bridge.families();
  }

  /**
   * Loads what will answer on the control socket, without Node's HTTP, and reads the live page where a browser may ask for it. An upgrade may
   * replace the package on disk while the server runs, and what came from there later would not fit what was loaded before. Takes 2 ms and
   * 0.3 MiB of a package, while the application is imported.
   */
  async loadAhead(): Promise<void> {
    await this.#load();
    try {
      this.#server?.readPage();
    } catch {
      // It is read again when somebody asks, who is told.
    }
  }

  /** Undefined after a line, when it cannot be loaded. */
  async #load(): Promise<typeof AdminServer | undefined> {
    try {
      return (await import("./admin-server.ts")).AdminServer;
    } catch (error) {
      this.#log.error(
        `what answers control commands cannot be loaded: ${errorOf(error).message}; if the package was replaced or removed, restart the server`,
      );
      return undefined;
    }
  }

  /** The control socket, which is always there. */
  async #openControl(): Promise<void> {
    this.#control = await listen({
      ...OWN_USER,
      address: { kind: "unix", path: join(this.#directory, CONTROL_SOCKET) },
      onConnection: (socket) => {
        void this.#answer(socket);
      },
      onError: () => {},
    });
  }

  /** Who cannot be answered is sent away, and the next one may be luckier. */
  async #answer(socket: Socket): Promise<void> {
    const Loaded = await this.#load();
    if (Loaded === undefined) {
      socket.destroy();
      return;
    }
    this.#controlServer ??= new Loaded(this.#subject, new Guard(undefined), this.#maxConnections);
    this.#controlServer.accept(socket);
  }

  close(): void {
    this.#listener?.close();
    this.#control?.close();
  }
}

async function listenForAdmin(options: Parameters<typeof listen>[0]): Promise<Listener> {
  try {
    return await listen(options);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new StartupError("bad-admin-address", { reason: error.title }, { cause: error });
  }
}

/** Throws StartupError. */
export function readToken(source: SecretSource): string | undefined {
  if (source.kind === "none") return undefined;
  if (source.kind === "text") return source.text;
  const { path } = source;
  try {
    const token = readFileSync(path, "utf8").trim();
    checkSecret(token);
    return token;
  } catch (error) {
    const code = errorCode(error);
    const reason =
      error instanceof BadValue ? `it is ${error.message}` : `cannot be read (${code})`;
    throw new StartupError("bad-admin-token", { path, reason }, { cause: error });
  }
}
