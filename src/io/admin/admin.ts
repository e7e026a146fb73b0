// The admin side of a server: opens the admin address, if there is one, and answers on it. The HTTP part is loaded only when it is needed:
// a server that nobody asks pays nothing for it.

import { readFileSync } from "node:fs";
import { checkSecret, type SecretSource } from "../../config/admin-address.ts";
import { BadValue } from "../../config/kinds.ts";
import { StartupError } from "../../config/startup-error.ts";
import { listen, type Listener } from "../net/listener.ts";
import { Guard } from "./guard.ts";
import type { AdminSubject } from "./subject.ts";

const BACKLOG = 64;

export class Admin {
  readonly #subject: AdminSubject;
  #listener: Listener | undefined;

  constructor(subject: AdminSubject) {
    this.#subject = subject;
  }

  /** Where the admin address is, for people; undefined without --admin. */
  get url(): string | undefined {
    return this.#listener?.url;
  }

  /** Throws StartupError. */
  async open(): Promise<void> {
    const { admin, adminToken } = this.#subject.config;
    if (admin.kind === "off") return;
    const { AdminServer } = await import("./admin-server.ts");
    const server = new AdminServer(this.#subject, new Guard(readToken(adminToken)));
    this.#listener = await listenForAdmin({
      address: admin,
      backlog: BACKLOG,
      // Who may connect may steer the server: its own user, unless somebody loosens it.
      socketMode: 0o600,
      reusePort: false,
      ipv6Only: false,
      onConnection: (socket) => {
        server.accept(socket);
      },
      onError: () => {}, // No descriptors are left, say: the main address says so too, and who asked asks again.
    });
  }

  close(): void {
    this.#listener?.close();
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
function readToken(source: SecretSource): string | undefined {
  if (source.kind === "none") return undefined;
  if (source.kind === "text") return source.text;
  const { path } = source;
  try {
    const token = readFileSync(path, "utf8").trim();
    checkSecret(token);
    return token;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const reason = error instanceof BadValue ? `it is ${error.message}` : code;
    throw new StartupError("bad-admin-token", { path, reason }, { cause: error });
  }
}
