// The part of what all connections share that the configuration sets: made at the start, and again at a reload. A connection keeps the
// limits of heads and answers that it began with.

import type { Config } from "../../config/options.ts";
import type { BodyOptions } from "./body-collector.ts";
import type { Budget } from "./budget.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { SpoolSpace } from "./spool-space.ts";
import type { WriterOptions } from "./response-writer.ts";

/** What outlives a reload. */
export interface SharedParts extends Pick<WriterOptions, "output" | "clock"> {
  readonly memory: Budget;
  readonly disk: SpoolSpace;
  readonly newPath: () => string;
  readonly takeSlot: BodyOptions["takeSlot"];
}

export function connectionLimits(
  config: Config,
  { output, clock, memory, disk, newPath, takeSlot }: SharedParts,
): Pick<ConnectionContext, "limits" | "body" | "writer" | "bodyMinRate"> {
  return {
    limits: {
      requestLineBytes: config.maxRequestLineBytes,
      fieldBytes: config.maxFieldBytes,
      headBytes: config.maxHeadBytes,
      fieldCount: config.maxFields,
      bodyBytes: config.maxBodyBytes,
    },
    body: { memoryBytes: config.bodyMemoryBytes, memory, disk, newPath, takeSlot },
    writer: {
      output,
      clock,
      responseMemoryBytes: config.responseMemoryBytes,
      responseFileBytes: config.responseFileBytes,
      sendTimeoutMs: config.sendTimeoutMs,
      memory,
      disk,
      newPath,
    },
    bodyMinRate: config.bodyMinRateBytesPerSecond,
  };
}
