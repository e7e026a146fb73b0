// Judges one busy channel: is what stands behind its running request to be withdrawn, has a time-out struck, or when
// is it to be looked at again? The front knows only the oldest request without an END; which one of a window really
// runs, the ledger tells. So no time-out strikes before all that may not have begun was withdrawn; where the worker cannot be stopped, before
// that was asked for once behind it.

import type { Channel } from "./channel.ts";
import type { DispatchedRequest } from "./request.ts";

export interface Patience {
  /** Longest silence of the application, 0 for no limit. */
  readonly requestTimeoutMs: number;
  /** Longest time from the start of a request to its END, 0 for no limit. */
  readonly requestTotalTimeoutMs: number;
}

export type Verdict =
  /** `isRestHeld`: the rest would be withdrawn if another channel could start it. */
  | { readonly kind: "wait"; readonly until: number; readonly isRestHeld: boolean }
  | { readonly kind: "withdraw" }
  /** As a withdrawal, but nothing is taken back: what has started, and which answers are finished? */
  | { readonly kind: "look" }
  | { readonly kind: "request-timeout" }
  | { readonly kind: "request-total-timeout" };

/**
 * So long after it is due the rest is withdrawn also when nobody else could start it: in the queue its time-out holds, and the
 * ledger's word on what runs comes early enough to judge a time-out by.
 */
const HELD_MS = 100;
/** One channel is not stopped more often. A starved machine wakes workers late: that must not cost it a storm of stops. */
const BETWEEN_WITHDRAWALS_MS = 20;
/** A zygote that does not answer for so long saves nobody from a time-out. */
const REPORT_MS = 2000;

const WITHDRAW: Verdict = { kind: "withdraw" };
const LOOK: Verdict = { kind: "look" };
const SILENT: Verdict = { kind: "request-timeout" };
const TOO_LONG: Verdict = { kind: "request-total-timeout" };

export function review<R extends DispatchedRequest>(
  channel: Channel<R>,
  running: R,
  patience: Patience,
  hasHelper: boolean,
  now: number,
): Verdict {
  const silentAt =
    patience.requestTimeoutMs > 0 && !channel.isPaused
      ? channel.silentSince + patience.requestTimeoutMs
      : Infinity;
  const totalAt =
    patience.requestTotalTimeoutMs > 0
      ? running.startedAt + patience.requestTotalTimeoutMs
      : Infinity;
  const timeoutAt = Math.min(silentAt, totalAt);

  if (channel.isWithdrawing) {
    const reportBy = Math.max(timeoutAt, channel.withdrawAskedAt + REPORT_MS);
    if (now < reportBy) return { kind: "wait", until: reportBy, isRestHeld: false };
  } else if (channel.isForsaken) {
    return WITHDRAW;
  } else if (channel.hasRest && channel.isWithdrawable && channel.withdrawAskedAt < timeoutAt) {
    const restedAt = channel.withdrawAskedAt + BETWEEN_WITHDRAWALS_MS;
    const overdueAt = Math.max(channel.overdueAt(running), restedAt);
    const heldUntil = Math.max(channel.overdueAt(running) + HELD_MS, restedAt);
    const withdrawAt = Math.min(timeoutAt, hasHelper ? overdueAt : heldUntil);
    if (now >= withdrawAt) return WITHDRAW;
    const isRestHeld = now >= overdueAt;
    // It may be over, with its answer in the outbox behind another that is slow.
    if (isRestHeld && running.number > channel.startedNumber) return LOOK;
    const until = isRestHeld ? withdrawAt : Math.min(overdueAt, withdrawAt);
    return { kind: "wait", until, isRestHeld };
  }
  if (now >= silentAt) return SILENT;
  if (now >= totalAt) return TOO_LONG;
  return { kind: "wait", until: timeoutAt, isRestHeld: false };
}
