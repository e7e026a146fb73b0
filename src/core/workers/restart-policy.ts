// When the next worker may be forked after a death: at once after a good life, later and later when they die before
// they are ready or quickly again and again. One policy per thing that is restarted. Knows no process.

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;
/**
 * For workers that could serve: what ends them may be a request that somebody sends again and again, and the others must not wait half
 * a minute for it. Two forks a second are no busy loop.
 */
export const MAX_DELAY_AFTER_SERVICE_MS = 500;
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
  readonly #maxDelayAfterServiceMs: number;
  #failures = 0;
  #failedAt = -Infinity;
  #delayMs = 0;

  /** `maxDelayAfterServiceMs`: the most after the death of one that could serve. */
  constructor(random: () => number, maxDelayAfterServiceMs: number = MAX_DELAY_MS) {
    this.#random = random;
    this.#maxDelayAfterServiceMs = maxDelayAfterServiceMs;
  }

  /** Nothing is to be started before this moment. */
  get notBefore(): number {
    return this.#failedAt + this.#delayMs;
  }

  /** Bad lives in a row, as of this moment; those that overlapped are counted once. */
  failures(now: number): number {
    const isForgiven = now - this.notBefore >= STABLE_MS;
    return isForgiven ? 0 : this.#failures;
  }

  died({ bornAt, readyAt }: Life, now: number): void {
    if (readyAt !== undefined && now - readyAt >= STABLE_MS) return;
    // Of many that start together and fail for one reason, the first tells it all.
    if (bornAt < this.#failedAt) return;
    // As of its birth: a start that takes long to fail is not a time without a failure.
    this.#failures = this.failures(bornAt) + 1;
    this.#failedAt = now;
    const isFirstSurprise = this.#failures === 1 && readyAt !== undefined;
    const maxMs = readyAt === undefined ? MAX_DELAY_MS : this.#maxDelayAfterServiceMs;
    this.#delayMs = isFirstSurprise ? 0 : this.#nextDelay(maxMs);
  }

  #nextDelay(maxMs: number): number {
    const nominal = Math.min(maxMs, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
    return nominal * (1 - JITTER + 2 * JITTER * this.#random());
  }
}
