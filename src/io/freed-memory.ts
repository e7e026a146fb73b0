// Memory that was freed goes back to the system: V8's compilers leave some 12 MiB in malloc's arenas, in the first seconds under load.

import type { Libc } from "./sockets/libc.ts";

const PERIOD_MS = 2000;
/** Less is not worth a walk through all arenas, which takes a millisecond or two of another thread. */
const GROWN_BYTES = 2 * 2 ** 20;

export class FreedMemory {
  readonly #trim: Libc["mallocTrim"];
  readonly #residentBytes: () => number;
  #nextAt = -Infinity;
  /** The least that the process had since the last trim. */
  #leastBytes = 0;
  /** It grew before the last trim: what is freed now may be of that. */
  #hasGrown = false;
  /** It grew since it was trimmed when it had become idle. */
  #owesIdle = false;
  #isTrimming = false;

  /** `trim`: undefined where there is no such function. */
  constructor(
    trim: Libc["mallocTrim"],
    residentBytes: () => number = () => process.memoryUsage.rss(),
  ) {
    this.#trim = trim;
    this.#residentBytes = residentBytes;
  }

  /**
   * To be called while the server works, and when it stops (`isIdle`): every two seconds it looks whether the process has grown, and trims then,
   * once more when it does not grow any further, and once more when it is idle. `now`: milliseconds.
   */
  look(now: number, isIdle: boolean): void {
    if (this.#trim === undefined || this.#isTrimming || (now < this.#nextAt && !isIdle)) return;
    this.#nextAt = now + PERIOD_MS;
    const bytes = this.#measure();
    if (bytes === undefined) return;
    const hadGrown = this.#hasGrown;
    this.#hasGrown = bytes >= this.#leastBytes + GROWN_BYTES;
    this.#leastBytes = Math.min(this.#leastBytes, bytes);
    const isLast = isIdle && this.#owesIdle;
    this.#owesIdle = (this.#owesIdle || this.#hasGrown) && !isIdle;
    if (!this.#hasGrown && !hadGrown && !isLast) return;
    this.#isTrimming = true;
    this.#trim(() => {
      this.#isTrimming = false;
      this.#leastBytes = this.#measure() ?? bytes;
    });
  }

  /** Undefined where that cannot be told: without /proc, or without a descriptor to read it. */
  #measure(): number | undefined {
    try {
      return this.#residentBytes();
    } catch {
      return undefined;
    }
  }
}
