// How many workers of which generation there should be: forks what is missing, lets go what is too much. Called after
// every event; does nothing when all is well. Elastic growth only moves `target`.

import type { Roster } from "./roster.ts";
import { isFresh, isOccupying, isStaffed } from "./worker.ts";
import type { Generation, Worker } from "./worker.ts";

export interface Staff {
  /** The newest generation of which a worker was ready. */
  readonly current: Generation | undefined;
  /** A newer one that has yet to prove itself. */
  readonly candidate: Generation | undefined;
  readonly least: number;
  readonly target: number;
  /** The candidate may have fewer. */
  readonly candidateTarget: number;
  readonly maxWorkers: number;
  readonly maxReplacing: number;
  /** Whether a worker holds requests: where some are too many, others go first. */
  readonly isBusy: ((worker: number) => boolean) | undefined;
}

/** Forks and lets go; returns when a fork that back-off holds back is due, or a word on who is waited for; Infinity for neither. */
export function staff(roster: Roster, wish: Staff, now: number): number {
  const isReload = isReloading(roster, wish);
  const plan = withinBounds(roster, wish, isReload);
  const wanted = [plan.current, plan.candidate].filter((generation) => generation !== undefined);
  letSurplusGo(roster, wanted, plan, now);
  letStaleGo(roster, plan, wanted, now);
  // Both want the one place that a full pool has to spare; a reload replaces whoever is over a limit anyway.
  let dueAt = isReload ? Infinity : startReplacing(roster, plan, now);
  for (const generation of wanted)
    dueAt = Math.min(dueAt, forkMissing(roster, plan, generation, now));
  return dueAt;
}

/**
 * Where there may be more workers than the least, the maximum holds: across a reload, for which one place is kept for the
 * successors, and while workers leave; only the successors of those that are over a limit may exceed it.
 */
function withinBounds(roster: Roster, wish: Staff, isReload: boolean): Staff {
  const { least, maxWorkers } = wish;
  if (least === maxWorkers) return wish;
  const target = isReload ? Math.min(wish.target, maxWorkers - 1) : wish.target;
  const due = [...roster.workers.values()].filter(({ isDue }) => isDue).length;
  const room = isReload ? maxWorkers - target : due;
  return { ...wish, target, maxReplacing: Math.min(wish.maxReplacing, room) };
}

/** More than the target: those that do not serve yet go first, then those that hold nothing; of equals, the youngest. */
function letSurplusGo(roster: Roster, wanted: Generation[], plan: Staff, now: number): void {
  const { isBusy = () => false } = plan;
  for (const generation of wanted) {
    const fresh = roster.of(generation).filter(isFresh);
    const ready = fresh.filter(isReady);
    const byUse = [
      ...ready.filter(({ id }) => isBusy(id)),
      ...ready.filter(({ id }) => !isBusy(id)),
      ...fresh.filter((worker) => !isReady(worker)),
    ];
    for (const worker of byUse.slice(targetOf(plan, generation))) {
      // Nobody may lose a request because there are too many.
      if (isReady(worker) && isBusy(worker.id)) roster.letFinish(worker, now);
      else roster.letGo(worker, now);
    }
  }
}

/**
 * Who is over a limit gets a successor, so many at a time: a full pool that is worn out all at once is not forked all at once. Whose successor
 * has no place yet waits: who was replaced before may finish what it runs. Returns when that is to be told.
 */
function startReplacing(roster: Roster, plan: Staff, now: number): number {
  const workers = [...roster.workers.values()];
  const due = workers.filter((worker) => isReady(worker) && worker.isDue);
  const waiting = due.filter(({ isRecycled }) => !isRecycled);
  const replacing = due.length - waiting.length;
  const missing = Math.max(0, plan.target - workers.filter(isFresh).length);
  const places = placesOf(plan) - workers.filter(isOccupying).length - missing;
  const free = Math.max(0, Math.min(plan.maxReplacing - replacing, places));
  for (const worker of waiting.slice(0, free)) worker.isRecycled = true;
  return waiting.length > 0 && places <= 0 ? tellWhoFinishes(roster, now) : Infinity;
}

/** Others wait for its place. */
function tellWhoFinishes(roster: Roster, now: number): number {
  let dueAt = Infinity;
  for (const worker of roster.workers.values()) {
    if (worker.state !== "retiring") continue;
    if (now >= worker.awaitedAt) roster.noteAwaited(worker);
    dueAt = Math.min(dueAt, worker.awaitedAt);
  }
  return dueAt;
}

/** Older generations and recycled workers serve until fresh ones do in their place. The longest-serving go first. */
function letStaleGo(
  roster: Roster,
  { current, target }: Staff,
  wanted: Generation[],
  now: number,
): void {
  for (const worker of roster.workers.values()) {
    if (wanted.includes(worker.generation)) continue;
    if (worker.state === "starting") roster.letGo(worker, now);
    else roster.limitFinishing(worker, now);
  }
  if (current === undefined) return;
  const serving = [...roster.workers.values()].filter(isReady);
  const fresh = serving.filter((worker) => worker.generation === current && isFresh(worker));
  const stale = serving.filter((worker) => !fresh.includes(worker) && isStale(worker, wanted));
  const surplus = Math.max(0, stale.length - Math.max(0, target - fresh.length));
  for (const worker of stale.slice(0, surplus)) {
    if (worker.isRecycled) roster.letFinish(worker, now);
    else roster.letGo(worker, now);
  }
}

function forkMissing(roster: Roster, plan: Staff, generation: Generation, now: number): number {
  if (generation.zygote !== "loaded") return Infinity;
  const fresh = roster.of(generation).filter(isFresh);
  let missing = targetOf(plan, generation) - fresh.length;
  if (missing <= 0) return Infinity;
  const { policy } = generation;
  if (now < policy.notBefore) return policy.notBefore;
  // While they die again and again, one at a time shows whether it still goes wrong: until that one is ready or dead, nothing is forgiven.
  const starting = fresh.filter((worker) => !isReady(worker));
  const isProbing = policy.failures(Math.min(now, ...starting.map(({ bornAt }) => bornAt))) > 1;
  if (isProbing) missing = Math.min(missing, starting.length === 0 ? 1 : 0);
  const limit = placesOf(plan);
  const occupied = [...roster.workers.values()].filter(isOccupying).length;
  // Who finishes without a limit must not keep out the code of a reload, or the last worker, for ever.
  if (occupied >= limit && !roster.of(generation).some(isStaffed))
    for (const worker of roster.workers.values()) roster.limitFinishing(worker, now);
  for (let count = Math.min(missing, limit - occupied); count > 0; count--)
    roster.fork(generation, now);
  return Infinity;
}

/** The maximum holds across a reload; the bound above it keeps a full pool replaceable, worker for worker. */
function placesOf({ maxWorkers, target, maxReplacing }: Staff): number {
  return Math.max(maxWorkers, target + maxReplacing);
}

function targetOf({ candidate, target, candidateTarget }: Staff, generation: Generation): number {
  return generation === candidate ? Math.min(target, candidateTarget) : target;
}

/** Until the last worker of an older generation is gone. */
function isReloading(roster: Roster, { current, candidate }: Staff): boolean {
  if (current === undefined || candidate !== undefined) return current !== undefined;
  return [...roster.workers.values()].some(({ generation }) => generation !== current);
}

function isStale(worker: Worker, wanted: Generation[]): boolean {
  return worker.isRecycled || !wanted.includes(worker.generation);
}

function isReady(worker: Worker): boolean {
  return worker.state === "ready";
}
