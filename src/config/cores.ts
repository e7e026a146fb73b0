// How many processors this process may use: affinity, and the quota of its control group and of those above it (cgroup v1 and v2). Node
// counts the quota only where both are as it expects them.

import { availableParallelism } from "node:os";
import { type ControlGroup, controlGroups, type Reader, readText } from "./control-group.ts";

/** At least 1; a quota of one and a half counts as 2, since the workers of most applications wait more than they compute. */
export function availableCores(): number {
  return Math.min(availableParallelism(), Math.max(1, Math.ceil(cgroupCores(readText))));
}

/** The smallest quota in processors, Infinity without one. */
export function cgroupCores(read: Reader): number {
  return Math.min(Infinity, ...controlGroups("cpu", read).map((group) => quotaOf(group, read)));
}

/** "max" and -1 are no quota. */
function quotaOf({ version, directory }: ControlGroup, read: Reader): number {
  const [quota, period] =
    version === 2
      ? (read(`${directory}/cpu.max`) ?? "").split(" ")
      : [read(`${directory}/cpu.cfs_quota_us`), read(`${directory}/cpu.cfs_period_us`)];
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Infinity;
}
