// The channels that share the processors for quick requests: as many as can compute at once. While all of them are busy, one more would
// only share the processors with them, so a request that fits in a window goes behind the least work of theirs (docs/decisions/009); and
// behind very little work it goes even where one is idle, since to wake that one costs more.
// One that a slow request holds is no company any more: another takes its place. Knows no queue.

import type { Channel } from "./channel.ts";
import type { IdleChannels } from "./idle-channels.ts";
import type { DispatchedRequest } from "./request.ts";

/** With more processors than this they are not what is short; and each request would look at them all. */
const MOST_MEMBERS = 16;
/** What a worker can do in about the time in which another is woken: up to so much in one hand needs no second. */
const NOT_WORTH_WAKING_MS = 0.1;

export class Company<R extends DispatchedRequest> {
  readonly #idle: IdleChannels<R>;
  readonly #members: (Channel<R> | undefined)[];
  #newest = 0;

  /** `processors`: so many workers can compute at once; 0: any idle channel is as good as another. */
  constructor(idle: IdleChannels<R>, processors: number) {
    this.#idle = idle;
    const length = processors > MOST_MEMBERS ? 0 : processors;
    this.#members = Array.from({ length }, () => undefined);
  }

  /** The best channel for a quick request; an idle one is not idle any more. Undefined: none is idle. */
  takeFor(request: R, estimateMs: number, now: number): Channel<R> | undefined {
    if (this.#idle.size === 0) return undefined;
    let vacancy = -1;
    let best: Channel<R> | undefined;
    let asleep: Channel<R> | undefined;
    for (let place = 0; place < this.#members.length; place++) {
      const member = this.#members[place];
      if (member === undefined || !member.canTake || member.isHeldUp(now)) {
        vacancy = place;
      } else if (member.isIdle && member.load.busyThreads === 0) {
        asleep ??= member;
      } else if (member.inHand === 0) {
        vacancy = place;
      } else if (best === undefined || member.workMs < best.workMs) {
        if (member.fits(estimateMs, request.frameBytes, now)) best = member;
      }
    }
    if (best !== undefined && best.workMs + estimateMs <= NOT_WORTH_WAKING_MS) return best;
    if (asleep !== undefined) {
      this.#idle.remove(asleep);
      return asleep;
    }
    if (vacancy === -1 && best !== undefined) return best;
    const channel = this.#idle.take();
    if (channel !== undefined) this.#join(channel, vacancy);
    return channel;
  }

  /** A slow request holds it for long. */
  leave(channel: Channel<R>): void {
    if (!channel.isCompany) return;
    channel.isCompany = false;
    this.#members[this.#members.indexOf(channel)] = undefined;
  }

  /** In the place of one that is of no use now; if there is none, of the one that joined first. */
  #join(channel: Channel<R>, vacancy: number): void {
    if (channel.isCompany || this.#members.length === 0) return;
    if (vacancy === -1) this.#newest = (this.#newest + 1) % this.#members.length;
    const place = vacancy === -1 ? this.#newest : vacancy;
    const last = this.#members[place];
    if (last !== undefined) last.isCompany = false;
    channel.isCompany = true;
    this.#members[place] = channel;
  }
}
