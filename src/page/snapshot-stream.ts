// The connection to /events: opened while somebody looks, opened again when it breaks, and watched, since a machine that has gone says nothing.
// Read with fetch rather than EventSource, which tells no status: a refusal must not be taken for a server that has gone.

import type { Snapshot } from "../io/admin/documents.ts";
import { EventText } from "./event-text.ts";

/** A snapshot comes each second. */
const SILENCE_MS = 6000;
const RETRY_MS = 1000;
/** Whoever only looks into another tab for a moment misses nothing. */
const HIDDEN_MS = 10_000;

export interface StreamHandlers {
  onSnapshot(snapshot: Snapshot): void;
  /** The server does not answer; it is asked again. */
  onGone(): void;
  /** It answers, but not this page; it is not asked again. */
  onRefused(status: number): void;
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
      const status = await this.#listen(closed);
      if (closed.aborted) return;
      // Too many listen (503): one of them may go.
      if (status >= 400 && status < 500) {
        this.#handlers.onRefused(status);
        return;
      }
      this.#handlers.onGone();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Until it breaks; returns the status, 0 for none. */
  async #listen(closed: AbortSignal): Promise<number> {
    const silent = new AbortController();
    let watch = setTimeout(() => silent.abort(), SILENCE_MS);
    try {
      const signal = AbortSignal.any([closed, silent.signal]);
      const response = await fetch("events", { signal, cache: "no-store" });
      if (!response.ok || response.body === null) return response.status;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const events = new EventText();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 0;
        clearTimeout(watch);
        watch = setTimeout(() => silent.abort(), SILENCE_MS);
        for (const data of events.push(value)) {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's, of the same version as this file
          this.#handlers.onSnapshot(JSON.parse(data) as Snapshot);
        }
      }
    } catch {
      return 0; // However it broke: the server is asked again.
    } finally {
      clearTimeout(watch);
    }
  }
}
