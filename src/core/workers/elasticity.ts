// How many workers an elastic server should have: facts in, a number out. Knows no process, no queue, no clock.
//
// Theory of operation. More workers help when requests wait although the workers themselves wait: for a database, another server, a
// sleep. They do not help when the workers compute, and they harm when what they wait for is overloaded. So two questions are asked:
//
//   before a growth:  do workers wait in the middle of their requests, and is there processor time left for more of them?
//   after it:         did the throughput rise? If not, the growth is taken back, and the next one has to wait, longer each time.
//
// A *level* is a number of workers and what it ended per millisecond while requests waited. Quick and slow requests are counted apart:
// a growth pays when one of the rates rises by a good part of what it should, and the other does not fall. The first growth out of quiet
// is on credit, since nothing has ended that could be measured: it is a large one, so that a burst is over soon. A level that was
// reached on credit is unproven: if the one above it does not pay, it has to stand a comparison with the one below as well.
// Where nothing waits any more, growth has done its work. Shrinking is slower and asks other things: retrenchment.ts.

/** What the front can see at one moment, and what ended until then. */
export interface WorkforceFacts {
  readonly now: number;
  /** Requests in the queue. */
  readonly waiting: number;
  /** Most workers that there may be. */
  readonly most: number;
  /** How many are wanted, and how many of them can serve. */
  readonly target: number;
  readonly ready: number;
  /** Requests that ended since the start of the server, by their run time: below and from SLOW_RUN_MS on. */
  readonly endedQuick: number;
  readonly endedSlow: number;
  /** Requests that run and have done so for SLOW_RUN_MS. */
  readonly runningSlow: number;
  readonly use: WorkforceUse;
}

/** What the workers did since the last look: average numbers. */
export interface WorkforceUse {
  /** Processors that the server may use. */
  readonly cores: number;
  /** Processors that the workers had. */
  readonly computing: number;
  /** Workers that stood still in the middle of a request, for something else than a processor. */
  readonly stalled: number;
}

/** `why` stands in the log. */
export interface Resizing {
  readonly target: number;
  readonly why: string;
}

/** From this run time on a request counts as a slow one. */
export const SLOW_RUN_MS = 10;

/** Growth on credit: to this many times the workers, but not beyond half of what there may be, so that a comparison is left. */
const CREDIT_FACTOR = 4;
/** Growth that follows a measurement. */
const STEP_FACTOR = 2;
/** With this much of the processors the workers compute; what is missing may be the scheduler's doing. */
const COMPUTING_SHARE = 0.85;
/** Of the workers so many must stand still: if fewer do, that is not what requests wait for. */
const STALLED_SHARE = 0.25;
/** A level is known by so many ended requests of one kind and worker, */
const EVIDENCE_PER_WORKER = 1;
const LEAST_EVIDENCE = 8;
const LEAST_EVIDENCE_MS = 20;
/** or of both kinds in this time, or whatever has ended by the end of the longer time. */
const PROOF_MS = 1000;
const LONG_PROOF_MS = 5000;
/** A growth pays when it gives this part of what it would give if nothing else were in the way, */
const GAIN_SHARE = 0.25;
/** and leaves this much to the other kind of request. */
const KEPT_SHARE = 0.75;
/** After a growth that did not pay the next one waits, longer each time. */
const FIRST_HOLD_MS = 5000;
const MAX_HOLD_MS = 160_000;

interface Level {
  readonly workers: number;
  readonly quick: number;
  readonly slow: number;
  readonly ms: number;
}

export class Elasticity {
  /** What this file asked for last: another number was set by somebody else, who need not prove anything. */
  #target = 0;
  /** Since when the present workers have been ready while requests waited, with what had ended by then. */
  #since: Omit<Level, "workers"> | undefined;
  /** What the present level is compared with. */
  #reference: Level | undefined;
  /** The largest number that is known to be worth its workers, or was given. */
  #proven = 0;
  #holdUntil = -Infinity;
  #holdMs = FIRST_HOLD_MS;

  /** To be called now and then while requests wait. Undefined: the number stays as it is. */
  review(facts: WorkforceFacts): Resizing | undefined {
    const { target, ready, waiting } = facts;
    if (waiting === 0 || target !== this.#target) this.rest(target);
    if (waiting === 0) return undefined;
    if (ready < target) this.#since = undefined;
    if (this.#since === undefined) {
      if (ready >= target) this.#begin(facts);
      // Out of quiet there is nothing to be measured first; but of those that have just come, what they give.
      if (target > this.#proven || this.#reference !== undefined) return undefined;
    }
    const resizing = this.#decide(this.#level(facts), facts);
    if (resizing === undefined) return undefined;
    this.#target = resizing.target;
    this.#since = undefined;
    return resizing;
  }

  /** Nothing waits: this number of workers is enough, and what was compared is over. */
  rest(target: number): void {
    this.#target = target;
    this.#proven = target;
    this.#since = undefined;
    this.#reference = undefined;
  }

  #decide(level: Level | undefined, facts: WorkforceFacts): Resizing | undefined {
    const { now, target } = facts;
    const reference = this.#reference;
    if (level === undefined) {
      const isTrial = reference !== undefined || target > this.#proven;
      return isTrial || now < this.#holdUntil ? undefined : growth(level, facts);
    }
    if (reference !== undefined) {
      if (target < reference.workers) return this.#judgeFewer(level, reference, now);
      if (!pays(reference, level)) return this.#judgeUseless(level, reference, now);
    }
    if (reference !== undefined && level.ms >= PROOF_MS) this.#prove(target);
    const more = now < this.#holdUntil ? undefined : growth(level, facts);
    if (more !== undefined) this.#reference = level;
    // What a later growth is compared with should be of late.
    else if (this.#reference === undefined && level.ms >= PROOF_MS) this.#begin(facts);
    return more;
  }

  /** Growth to this level has not paid so far. */
  #judgeUseless(level: Level, reference: Level, now: number): Resizing | undefined {
    if (level.ms < PROOF_MS) return undefined;
    this.#hold(now);
    if (this.#proven < reference.workers) {
      // The one below was reached on credit: now it is compared with the one below it.
      return { target: this.#proven, why: "more did not raise the throughput" };
    }
    this.#reference = undefined;
    return { target: reference.workers, why: "more did not raise the throughput" };
  }

  /** Fewer are on trial against a level that was reached on credit. */
  #judgeFewer(level: Level, reference: Level, now: number): Resizing | undefined {
    const isWorthMore = pays(level, reference);
    this.#prove(isWorthMore ? reference.workers : level.workers);
    if (!isWorthMore) return undefined;
    this.#holdUntil = now + FIRST_HOLD_MS;
    return { target: reference.workers, why: "fewer had less throughput" };
  }

  #prove(workers: number): void {
    this.#proven = workers;
    this.#reference = undefined;
    this.#holdMs = FIRST_HOLD_MS;
  }

  #hold(now: number): void {
    this.#holdUntil = now + this.#holdMs;
    this.#holdMs = Math.min(MAX_HOLD_MS, 2 * this.#holdMs);
  }

  #begin({ now, endedQuick, endedSlow }: WorkforceFacts): void {
    this.#since = { ms: now, quick: endedQuick, slow: endedSlow };
  }

  /** What the present workers end; undefined while that is not known well enough. */
  #level(facts: WorkforceFacts): Level | undefined {
    const since = this.#since;
    if (since === undefined) return undefined;
    const workers = facts.target;
    const ms = facts.now - since.ms;
    const quick = facts.endedQuick - since.quick;
    const slow = facts.endedSlow - since.slow;
    const evidence = Math.max(LEAST_EVIDENCE, EVIDENCE_PER_WORKER * workers);
    // Beside slow requests the quick ones tell little of what more workers are worth.
    const isAllQuick = slow === 0 && facts.runningSlow === 0 && ms >= LEAST_EVIDENCE_MS;
    const isKnown =
      slow >= evidence ||
      (isAllQuick && quick >= evidence) ||
      (ms >= PROOF_MS && quick + slow >= evidence) ||
      ms >= LONG_PROOF_MS;
    return isKnown ? { workers, quick, slow, ms } : undefined;
  }
}

function growth(level: Level | undefined, facts: WorkforceFacts): Resizing | undefined {
  const { target, most, waiting, ready, use } = facts;
  if (target >= most || ready < target) return undefined;
  if (use.computing >= COMPUTING_SHARE * use.cores) return undefined;
  if (use.stalled < STALLED_SHARE * target) return undefined;
  const credit = Math.min(CREDIT_FACTOR * target, Math.max(target + 1, Math.ceil(most / 2)));
  const step = level === undefined ? credit : STEP_FACTOR * target;
  const stalled = Math.min(target, Math.max(1, Math.round(use.stalled)));
  const why = `${waiting} requests wait, and ${stalled} of ${target} workers for something else than a processor`;
  return { target: Math.min(most, step, target + waiting), why };
}

function pays(fewer: Level, more: Level): boolean {
  const least = 1 + GAIN_SHARE * (more.workers / fewer.workers - 1);
  const gained = (before: number, after: number): boolean =>
    after >= LEAST_EVIDENCE && after / more.ms >= (least * before) / fewer.ms;
  const kept = (before: number, after: number): boolean =>
    before < LEAST_EVIDENCE || after / more.ms >= (KEPT_SHARE * before) / fewer.ms;
  return (
    (gained(fewer.slow, more.slow) && kept(fewer.quick, more.quick)) ||
    (gained(fewer.quick, more.quick) && kept(fewer.slow, more.slow))
  );
}
