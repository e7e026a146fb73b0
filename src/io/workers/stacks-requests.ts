// Stacks that were asked for and have not come yet: one request per worker, however many want to know; a zygote that does not answer costs a
// time-out, not a leak.

type OnText = (text: string) => void;

/** The zygote itself waits up to 0.5 s for the text to be complete. */
const TIMEOUT_MS = 1500;

export class StacksRequests {
  readonly #wanted = new Map<number, { timer: NodeJS.Timeout; listeners: OnText[] }>();

  /** Calls `ask`, unless an answer is on its way, and later `onText`, once: with the text, or with an empty one when none can be had. */
  add(worker: number, ask: () => void, onText: OnText): void {
    const asked = this.#wanted.get(worker);
    if (asked !== undefined) {
      asked.listeners.push(onText);
      return;
    }
    const timer = setTimeout(() => {
      this.settle(worker, "");
    }, TIMEOUT_MS);
    this.#wanted.set(worker, { timer, listeners: [onText] });
    ask();
  }

  settle(worker: number, text: string): void {
    const asked = this.#wanted.get(worker);
    if (asked === undefined) return;
    this.#wanted.delete(worker);
    clearTimeout(asked.timer);
    for (const onText of asked.listeners) onText(text);
  }
}
