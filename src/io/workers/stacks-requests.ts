// Stacks that were asked for and have not come yet, at most one request per worker; a zygote that does not answer costs a time-out, not a leak.

/** The zygote itself waits up to 0.5 s for the text to be complete. */
const TIMEOUT_MS = 1500;

export class StacksRequests {
  readonly #wanted = new Map<number, (text: string) => void>();

  /** Calls `ask` and later `onText`, once: with the text, or with an empty one when none can be had. */
  add(worker: number, ask: () => void, onText: (text: string) => void): void {
    if (this.#wanted.has(worker)) {
      onText("");
      return;
    }
    const timer = setTimeout(() => {
      this.settle(worker, "");
    }, TIMEOUT_MS);
    this.#wanted.set(worker, (text) => {
      clearTimeout(timer);
      onText(text);
    });
    ask();
  }

  settle(worker: number, text: string): void {
    const onText = this.#wanted.get(worker);
    this.#wanted.delete(worker);
    onText?.(text);
  }
}
