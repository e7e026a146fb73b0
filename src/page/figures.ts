// From snapshots, which count since the start, to what happened lately: rates, and latency bands out of histograms. Pure; knows no document.

import type { HistogramDocument, Snapshot } from "../io/admin/documents.ts";

/** So much is kept, and charted. */
export const SPAN_MS = 5 * 60_000;
/** Latency bands tell of so much time: of less, quiet servers would show noise. */
export const WINDOW_MS = 10_000;
/** Snapshots come each second, and one when somebody begins to look: a request between two that are closer would be a spike. */
const LEAST_MS = 500;

/** In seconds; undefined when nothing happened in the window, Infinity beyond `most`: the histogram tells no more. */
export interface Bands {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
}

/** What happened from `since` to `at`, both in milliseconds since 1970. */
export interface Point {
  readonly since: number;
  readonly at: number;
  /** Per second. */
  readonly requests: number;
  readonly clientErrors: number;
  readonly serverErrors: number;
  readonly queueTime: Bands | undefined;
  readonly applicationTime: Bands | undefined;
  readonly waiting: number;
  readonly busyThreads: number;
  readonly threads: number;
}

export class Recent {
  #points: Point[] = [];
  /** Newest last: what the window needs, and the one before it. */
  #snapshots: Snapshot[] = [];

  /** Oldest first. */
  get points(): readonly Point[] {
    return this.#points;
  }

  add(snapshot: Snapshot): void {
    const last = this.#snapshots.at(-1);
    const passed = last === undefined ? Infinity : snapshot.at - last.at;
    // A clock that was put back does not hold the charts up until it has caught up.
    if (last !== undefined && (isAnotherServer(last, snapshot) || passed <= -LEAST_MS)) {
      this.#snapshots = [];
      this.#points = this.#points.filter(({ at }) => at <= snapshot.at);
    } else if (passed < LEAST_MS) return;
    const before = this.#snapshots.at(-1);
    this.#snapshots.push(snapshot);
    const from = snapshot.at - WINDOW_MS;
    while ((this.#snapshots[1]?.at ?? Infinity) <= from) this.#snapshots.shift();
    if (before === undefined) return;
    this.#points.push(pointOf(this.#snapshots[0] ?? before, before, snapshot));
    // The page was hidden: what came meanwhile is drawn as its average, and is not of the window of the points that follow.
    if (snapshot.at - before.at > WINDOW_MS) this.#snapshots = [snapshot];
    while ((this.#points[0]?.at ?? Infinity) < snapshot.at - SPAN_MS) this.#points.shift();
  }
}

/** Counts begin anew. */
export function isAnotherServer(before: Snapshot, after: Snapshot): boolean {
  return (
    before.status.startedAt !== after.status.startedAt || before.status.pid !== after.status.pid
  );
}

function pointOf(oldest: Snapshot, before: Snapshot, now: Snapshot): Point {
  const seconds = (now.at - before.at) / 1000;
  const [a, b] = [before.status, now.status];
  return {
    since: before.at,
    at: now.at,
    requests: (b.requests.total - a.requests.total) / seconds,
    clientErrors: (ofClass(b, 4) - ofClass(a, 4)) / seconds,
    serverErrors: (ofClass(b, 5) - ofClass(a, 5)) / seconds,
    queueTime: bandsOf(oldest.queueTime, now.queueTime),
    applicationTime: bandsOf(oldest.applicationTime, now.applicationTime),
    waiting: b.queue.waiting,
    busyThreads: b.queue.busyThreads,
    threads: b.queue.threads,
  };
}

function ofClass({ requests }: Snapshot["status"], firstDigit: number): number {
  let sum = 0;
  for (const [status, count] of Object.entries(requests.byStatus)) {
    if (Math.floor(Number(status) / 100) === firstDigit) sum += count;
  }
  return sum;
}

/** Of what came between two states of one histogram. */
export function bandsOf(before: HistogramDocument, after: HistogramDocument): Bands | undefined {
  const counts = after.counts.map((count, bucket) => count - (before.counts[bucket] ?? 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return undefined;
  const quantile = (share: number): number =>
    quantileOf(counts, after.boundsMs, share * total) / 1000;
  return {
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    most: (after.boundsMs.at(-1) ?? 0) / 1000,
  };
}

/** The bucket in which the value of this rank fell, and so far into it as it stands among the bucket's values. Infinity beyond the last bound. */
function quantileOf(counts: readonly number[], bounds: readonly number[], rank: number): number {
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    const upper = bounds[bucket];
    if (upper === undefined) break;
    if (count > 0 && below + count >= rank) {
      const lower = bounds[bucket - 1] ?? 0;
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return Infinity;
}
