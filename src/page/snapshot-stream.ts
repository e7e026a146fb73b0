// The connection to /events: opened while somebody looks, opened again when it breaks, and watched, since a machine that has gone says nothing.
// Read with fetch rather than EventSource, which tells no status: a refusal must not be taken for a server that has gone.

import type { Snapshot } from "../io/admin/documents.ts";
import { textOf } from "./control.ts";
import { EventText } from "./event-text.ts";

/** A snapshot comes each second. */
const SILENCE_MS = 6000;
const RETRY_MS = 1000;
/** Whoever only looks into another tab for a moment misses nothing. */
const HIDDEN_MS = 10_000;

/** What is answered in place of events. */
export interface Refusal {
  readonly status: number;
  /** In the server's words; empty where it has none. */
  readonly why: string;
  /** It is not asked again. Otherwise it is: of too many that listen (503), one may go. */
  readonly isFinal: boolean;
}

export interface StreamHandlers {
  onSnapshot(snapshot: Snapshot): void;
  /** onSnapshot threw. That is no fault of the connection, which goes on. */
  onFault(error: unknown): void;
  /** The server does not answer; it is asked again. */
  onGone(): void;
  onRefused(refusal: Refusal): void;
}

export class SnapshotStream {
  readonly #handlers: StreamHandlers;
  #abort: AbortController | undefined;
  #hiding: ReturnType<typeof setTimeout> | undefined;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hiding);
      if (!document.hidden) this.#open();
      else this.#hiding = setTimeout(() => this.#close(), HIDDEN_MS);
    });
    if (!document.hidden) this.#open();
  }

  #open(): void {
    if (this.#abort !== undefined) return;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#keepListening(abort.signal);
  }

  #close(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  async #keepListening(closed: AbortSignal): Promise<void> {
    while (!closed.aborted) {
      const refusal = await this.#listen(closed);
      if (closed.aborted) return;
      if (refusal === undefined) this.#handlers.onGone();
      else this.#handlers.onRefused(refusal);
      if (refusal?.isFinal === true) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Until it breaks; returns what came in place of events, undefined for nothing. */
  async #listen(closed: AbortSignal): Promise<Refusal | undefined> {
    const silent = new AbortController();
    let watch = setTimeout(() => silent.abort(), SILENCE_MS);
    try {
      const signal = AbortSignal.any([closed, silent.signal]);
      const response = await fetch("events", { signal, cache: "no-store" });
      if (!response.ok) return await refusalOf(response);
      if (response.body === null) return undefined;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const events = new EventText();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        clearTimeout(watch);
        watch = setTimeout(() => silent.abort(), SILENCE_MS);
        for (const data of events.push(value)) {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's, of the same version as this file or told apart by it
          this.#show(JSON.parse(data) as Snapshot);
        }
      }
    } catch {
      return undefined; // However it broke: the server is asked again.
    } finally {
      clearTimeout(watch);
    }
  }

  #show(snapshot: Snapshot): void {
    try {
      this.#handlers.onSnapshot(snapshot);
    } catch (error) {
      this.#handlers.onFault(error);
    }
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const { status } = response;
  const isFinal = status < 500;
  try {
    const answer: unknown = await response.json();
    const { error }: Record<string, unknown> = { ...(typeof answer === "object" ? answer : {}) };
    return { status, why: textOf(error), isFinal };
  } catch {
    return { status, why: "", isFinal }; // Of a proxy in between, as a rule.
  }
}
