// What goes in and out of the dispatcher beside requests: its options, what it has done, what it is told of withdrawals.

import type { Channel } from "./channel.ts";
import type { GiveUpReason, TimeoutKind } from "./death.ts";
import type { DispatchedRequest } from "./request.ts";
import type { Patience } from "./review.ts";

export interface DispatchOptions extends Patience {
  /** Above this many waiting requests submit() refuses. */
  readonly maxWaiting: number;
  /** A request that waited this long is given up. */
  readonly queueTimeoutMs: number;
  /** So many workers can compute at once; if given, quick requests are not spread over more than these need. */
  readonly processors?: number;
}

/**
 * Carried out by the io side, synchronously. From inside an effect only submit() and cancel() may be called; whatever
 * else happens there (a socket that breaks on send) is to be reported in a later turn.
 */
export interface DispatchEffects<R extends DispatchedRequest> {
  send(channel: Channel<R>, number: number, request: R): void;
  /**
   * Ask the zygote to withdraw what this channel was sent, up to this number, and for the answers that it has
   * finished; these are to be reported first. The answer is withdrawn(), or died().
   */
  withdraw(channel: Channel<R>, upTo: number): void;
  /** The request ends without an answer of the application, or without the rest of it. */
  giveUp(request: R, why: GiveUpReason): void;
  /** A time-out is certain: the worker must be ended. Its request ends by giveUp() once died() is reported. */
  stuck(channel: Channel<R>, request: R, silentMs: number, kind: TimeoutKind): void;
}

/** A report of the zygote: numbers n with `above < n <= upTo` will never start; `started` is the ledger's word. */
export interface WithdrawReport {
  readonly started: number;
  readonly above: number;
  readonly upTo: number;
}
