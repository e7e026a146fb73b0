// How much memory this process and its children may use together: that of the machine, and the limits of the control group and of those
// above it (cgroup v1 and v2). Node's own `process.constrainedMemory()` asks the innermost group alone.

import { totalmem } from "node:os";
import { type ControlGroup, controlGroups, type Reader, readText } from "./control-group.ts";

/** In bytes. */
export function availableMemory(): number {
  return Math.min(totalmem(), cgroupMemory(readText));
}

/** The smallest limit in bytes, Infinity without one. */
export function cgroupMemory(read: Reader): number {
  const limits = controlGroups("memory", read).flatMap((group) =>
    LIMITS[group.version].map((name) => limitIn(group, name, read)),
  );
  return Math.min(Infinity, ...limits);
}

/** Above memory.high processes are not killed, but slowed down until they hardly move. */
const LIMITS = { 1: ["memory.limit_in_bytes"], 2: ["memory.max", "memory.high"] } as const;

/** Version 2 says "max" for none; version 1 a number beyond all memory, which does no harm in a minimum. */
function limitIn({ directory }: ControlGroup, name: string, read: Reader): number {
  const bytes = Number.parseInt(read(`${directory}/${name}`) ?? "", 10);
  return bytes > 0 ? bytes : Infinity;
}
