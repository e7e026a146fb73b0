// What the dispatcher knows of one request. The exchange extends this class, so that queueing, sending and
// ending a request allocate nothing. Nothing of HTTP is known here but what decides who may run it.

import type { Channel } from "./channel.ts";

/** Where a request is. `new`: never submitted, or refused by a full queue. */
export type Place = "new" | "waiting" | "in-hand" | "over";

/** `startedAt` of a request of which the front does not know that it runs. */
export const NOT_STARTED = -1;

export abstract class DispatchedRequest {
  /** 32-bit hash of the method and the folded path. */
  abstract readonly route: number;
  /** RFC 9110 section 9.2.1: it may run once more when its first run died. */
  abstract readonly isSafe: boolean;
  /** What it costs on the channel. */
  abstract readonly frameBytes: number;

  /** Set by the connection once anything of the answer went to the client: no second run after that. */
  answerStarted = false;
  /** Set by `cancel()`: nobody waits for the answer, so it is never given to another worker. */
  clientGone = false;

  // What follows belongs to the dispatcher; others read it.

  place: Place = "new";
  /** When it was submitted, moved forward by the time that a run took which died: the age of its waiting. */
  queuedAt = 0;
  /** When it began to run, as far as the front can know; NOT_STARTED before. */
  startedAt = NOT_STARTED;
  /** Runs that began and died with their worker. */
  runs = 0;
  /** Whose hands it is in; undefined unless `place` is `in-hand`. */
  channel: Channel<DispatchedRequest> | undefined = undefined;
  /** Its number on that channel. */
  number = 0;
  /** What its run was expected to take when it was sent. */
  estimateMs = 0;
  /** Of a slow route: which lane it waits in, or counts for while it is in hand. */
  isSlow = false;
  /** One of the slow requests that the lanes count as in hand. */
  isCountedSlow = false;
  /** The answer came in pieces with time between them. */
  isStream = false;

  older: this | undefined = undefined;
  newer: this | undefined = undefined;
}
