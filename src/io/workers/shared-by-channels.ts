// What the channels of all workers have in common.

import type { Figures } from "../../core/metrics/figures.ts";
import { BlockPool } from "../net/block-pool.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import { ChannelFlusher } from "./channel-flusher.ts";

export interface SharedByChannels {
  readonly flusher: ChannelFlusher;
  /** What is read comes into these. */
  readonly blocks: BlockPool;
}

/** What is read from a channel at once, at most: large answers come in few pieces. */
const READ_BYTES = 256 * 1024;

export function shareAmongChannels(options: {
  readonly figures: Pick<Figures, "connectionsAccepted">;
  readonly poller: SocketPoller | undefined;
}): SharedByChannels {
  const { figures, poller } = options;
  const atEndOfTurn = poller?.atEndOfTurn;
  const flusher = new ChannelFlusher(() => figures.connectionsAccepted, { atEndOfTurn });
  return { flusher, blocks: new BlockPool(READ_BYTES) };
}
