// Does a worker wait inside the application, for a database or a sleep, or for requests, or for a processor? Only the first is
// what more workers help against. Told by two moments of a worker: the time that it spent in the application, by its own measure, less
// the time that it had a processor or was ready for one, by the kernel's. What a worker does between requests can only make that less, so
// a worker that waits for requests never seems to stand. Pure.
//
// The front itself may have to wait for a processor, anywhere, for longer than the time between two moments. So a moment is made in this order:
// the kernel's figures are read; then all that the workers have written; then what the front knows of their requests is noted. A request that
// is not over then was not over when the kernel was asked. Where times of both kinds meet, the bounds are taken that make the standing less.

/** One worker at one moment. Sums since its start, and times of the front's clock, in milliseconds. */
export interface WorkerMoment {
  /** The kernel was asked after this time, */
  readonly askedAt: number;
  /** it had told all before this one, */
  readonly toldAt: number;
  /** and the requests were noted at this one. */
  readonly notedAt: number;
  /** It had a processor. */
  readonly computedMs: number;
  /** It was ready to run, and others had the processors. */
  readonly delayedMs: number;
  /** When the kernel was asked, the worker wanted no processor, and nobody had stopped it. */
  readonly isAsleep: boolean;
  readonly threads: readonly ThreadMoment[];
}

export interface ThreadMoment {
  readonly channel: number;
  /** Run time of all its requests, that of the running one so far included. */
  readonly ranMs: number;
  /** When the running one began; Infinity if there is none, or if its client holds it back. */
  readonly runsSince: number;
  /** When its worker went on that had been stopped: what passed before was not the application's doing. */
  readonly resumedAt: number;
}

/** What the dispatcher's channel tells of a thread. */
interface ThreadOnDuty {
  readonly id: number;
  readonly ranMs: number;
  readonly isPaused: boolean;
  readonly isWithdrawing: boolean;
  readonly resumedAt: number;
  readonly running: { readonly startedAt: number } | undefined;
}

/** A worker that wants no processor for so much of one and the same request stands, */
const STANDING_SHARE = 0.5;

/** To be taken once all answers were read that have come: else what has ended would seem to run. */
export function threadMoment(thread: ThreadOnDuty, now: number): ThreadMoment {
  const { id: channel, ranMs, running, resumedAt } = thread;
  // Stopped, or kept from writing: that is not the application's doing.
  if (running === undefined || thread.isPaused || thread.isWithdrawing) {
    return { channel, ranMs, runsSince: Infinity, resumedAt };
  }
  const runsMs = now - running.startedAt;
  return { channel, ranMs: ranMs + runsMs, runsSince: running.startedAt, resumedAt };
}

/**
 * Whether the worker waited in the middle of a request when the kernel was asked. One that computes never does, whatever the times seem to
 * tell: a hypervisor that takes the processor away is in no figure of the kernel's.
 */
export function isStanding({ isAsleep, askedAt, threads }: WorkerMoment): boolean {
  return isAsleep && threads.some((thread) => isInRequest(thread, askedAt));
}

/** The part of the time between two moments, 0 to 1, in which the worker was in the application and wanted no processor. */
export function standingShare(before: WorkerMoment, after: WorkerMoment): number {
  // What ran between the kernel's word and the front's note is in the runs, and not in the kernel's times.
  const lateMs = after.notedAt - after.askedAt;
  let ranMs = 0;
  for (const thread of after.threads) {
    const earlier = before.threads.find(({ channel }) => channel === thread.channel);
    if (earlier !== undefined && thread.resumedAt <= before.toldAt)
      ranMs += Math.max(0, thread.ranMs - earlier.ranMs - lateMs);
  }
  // Threads that wait at once are still one worker. (And a run counts when it ends, wherever it began.)
  const ranShare = Math.min(1, ranMs / msBetween(before, after));
  return Math.max(0, ranShare - wantedShare(before, after));
}

/**
 * Whether the worker was in one and the same request all the time between two moments, and wanted no processor for most of it. Certain also when little
 * time has passed.
 */
export function stoodThroughout(before: WorkerMoment, after: WorkerMoment): boolean {
  const isOneRequest = after.threads.some((thread) => isInRequest(thread, before.toldAt));
  return isOneRequest && wantedShare(before, after) < STANDING_SHARE;
}

/** Processors that the worker had between two moments. */
export function computedShare(before: WorkerMoment, after: WorkerMoment): number {
  return (after.computedMs - before.computedMs) / msBetween(before, after);
}

function wantedShare(before: WorkerMoment, after: WorkerMoment): number {
  const delayed = (after.delayedMs - before.delayedMs) / msBetween(before, after);
  return computedShare(before, after) + delayed;
}

/** In the request of the note since then, and not stopped in it. */
function isInRequest({ runsSince, resumedAt }: ThreadMoment, since: number): boolean {
  return Math.max(runsSince, resumedAt) <= since;
}

/** The kernel's figures cover all of it, and may cover more. */
function msBetween(before: WorkerMoment, after: WorkerMoment): number {
  return after.askedAt - before.toldAt;
}
