// Tells when nothing has moved for a time: up to twice as late, so that a movement costs no more than a note of it.

export class SilenceTimer {
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #hasMoved = false;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  moved(): void {
    this.#hasMoved = true;
  }

  /** Tells once. 0: never. */
  set(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (ms === 0) return;
    this.#hasMoved = false;
    this.#timer = setTimeout(() => {
      if (this.#hasMoved) this.set(ms);
      else this.#onSilence();
    }, ms).unref();
  }
}
