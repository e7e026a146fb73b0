// When the next worker may be forked after a death: at once after a good life, later and later when they die before
// they are ready or quickly again and again. One policy per thing that is restarted. Knows no process.

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;
/** Each delay is drawn from 80 to 120 % of its nominal value. */
const JITTER = 0.2;
/** A life of this length was a good one; and after this long without a bad one all is forgiven. */
const STABLE_MS = 10_000;

/** One life, from the fork. */
export interface Life {
  readonly bornAt: number;
  /** When it could serve; undefined if it never could. */
  readonly readyAt: number | undefined;
}

export class RestartPolicy {
  readonly #random: () => number;
  #failures = 0;
  #failedAt = -Infinity;
  #delayMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Nothing is to be started before this moment. */
  get notBefore(): number {
    return this.#failedAt + this.#delayMs;
  }

  /** Bad lives in a row, those that overlapped counted once. */
  failures(now: number): number {
    const isForgiven = now - this.notBefore >= STABLE_MS;
    return isForgiven ? 0 : this.#failures;
  }

  died({ bornAt, readyAt }: Life, now: number): void {
    if (readyAt !== undefined && now - readyAt >= STABLE_MS) return;
    // Of many that start together and fail for one reason, the first tells it all.
    if (bornAt < this.#failedAt) return;
    this.#failures = this.failures(now) + 1;
    this.#failedAt = now;
    const isFirstSurprise = this.#failures === 1 && readyAt !== undefined;
    this.#delayMs = isFirstSurprise ? 0 : this.#nextDelay();
  }

  #nextDelay(): number {
    const nominal = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
    return nominal * (1 - JITTER + 2 * JITTER * this.#random());
  }
}
