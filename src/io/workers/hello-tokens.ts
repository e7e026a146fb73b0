// Whose HELLO it is: each thread of a worker is given a token that only it knows, good for one connection (design section 2).

import { PROTOCOL_VERSION } from "../../core/wire/frame.ts";
import type { Hello } from "./worker-channel.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A HELLO that was sent is read within a turn or two of the event loop, so few are enough. */
const MOST_LATE = 1024;

export class HelloTokens {
  /** Of workers that ended before their HELLO was read: it may wait in the socket's backlog, and is no stranger's. The oldest first. */
  readonly #late = new Set<string>();

  /** Who was given the token of this HELLO, if it speaks our version, and has not used it. */
  take(records: Iterable<WorkerRecord>, hello: Hello): WorkerRecord | "late" | "unknown" {
    if (hello.version !== PROTOCOL_VERSION) return "unknown";
    const token = Buffer.from(hello.token).toString("hex");
    for (const record of records) {
      if (record.tokens[hello.thread] !== token) continue;
      record.tokens[hello.thread] = "";
      return record;
    }
    return this.#late.delete(token) ? "late" : "unknown";
  }

  /** This worker is gone. */
  forget({ tokens }: WorkerRecord): void {
    for (const token of tokens) if (token !== "") this.#late.add(token);
    for (const oldest of this.#late) {
      if (this.#late.size <= MOST_LATE) return;
      this.#late.delete(oldest);
    }
  }
}
