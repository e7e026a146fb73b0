// Server-sent events: a snapshot of the server each second while somebody listens, one for all of them; nothing is computed when nobody does.

import type { ServerResponse } from "node:http";
import type { Histogram } from "../../core/metrics/histogram.ts";
import { FIELDS } from "./answers.ts";
import type { HistogramDocument, Snapshot } from "./documents.ts";
import { readProcesses } from "../process-figures.ts";
import { statusDocument } from "./status.ts";
import type { AdminSubject } from "./subject.ts";

const PERIOD_MS = 1000;
const MAX_LISTENERS = 32;
/** Who takes nothing of so much is not listening any more. */
const MAX_BEHIND_BYTES = 1024 * 1024;

export class EventStream {
  readonly #subject: AdminSubject;
  readonly #listeners = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  constructor(subject: AdminSubject) {
    this.#subject = subject;
  }

  /** False: there are too many. */
  add(response: ServerResponse): boolean {
    if (this.#listeners.size >= MAX_LISTENERS) return false;
    response.writeHead(200, { ...FIELDS, "Content-Type": "text/event-stream" });
    if (response.req.method === "HEAD") {
      response.end(); // That is all it asks for.
      return true;
    }
    this.#listeners.add(response);
    const remove = (): void => {
      this.#remove(response);
    };
    response.on("close", remove);
    // One that was pipelined behind another has no socket yet, and Node closes only who has.
    response.req.socket.once("close", remove);
    this.#timer ??= setInterval(() => void this.#tell(this.#listeners), PERIOD_MS);
    void this.#tell([response]);
    return true;
  }

  #remove(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tell(listeners: Iterable<ServerResponse>): Promise<void> {
    const message = `data: ${JSON.stringify(await this.#snapshot())}\n\n`;
    for (const listener of listeners) {
      if (listener.writableLength > MAX_BEHIND_BYTES) listener.destroy();
      else listener.write(message);
    }
  }

  async #snapshot(): Promise<Snapshot> {
    const pids = this.#subject.pool().workers.flatMap(({ pid }) => pid ?? []);
    const processes = await readProcesses(pids, { withShares: false });
    // All of one moment: the page takes from `at` when a request began, and rates from how much was counted since.
    const pool = this.#subject.pool();
    const { totalTime, queueTime, applicationTime } = this.#subject.figures;
    return {
      at: Date.now(),
      status: statusDocument(this.#subject, pool, processes),
      totalTime: documentOf(totalTime),
      queueTime: documentOf(queueTime),
      applicationTime: documentOf(applicationTime),
    };
  }
}

function documentOf({ bounds, counts, sum }: Histogram): HistogramDocument {
  return { boundsMs: [...bounds], counts: [...counts], sumMs: sum };
}
