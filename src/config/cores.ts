// How many processors this process may use: affinity, and the quota of its control group and of those above it (cgroup v1 and v2). Node
// counts the quota only where both are as it expects them. Knows files only through the reader that it is given.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** The text of a file; undefined if it cannot be read. */
export type Reader = (path: string) => string | undefined;

/** At least 1; a quota of one and a half counts as 2, since the workers of most applications wait more than they compute. */
export function availableCores(): number {
  return Math.min(availableParallelism(), Math.max(1, Math.ceil(cgroupCores(readText))));
}

/** The smallest quota in processors, Infinity without one. */
export function cgroupCores(read: Reader): number {
  const quotas = (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    // hierarchy-ID:controllers:path (cgroups(7)); the path may hold colons.
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (line === "") return [];
    if (controllers === "") return upwards(path).map((group) => quotaV2(group, read));
    return controllers.split(",").includes("cpu")
      ? upwards(path).map((group) => quotaV1(group, controllers, read))
      : [];
  });
  return Math.min(Infinity, ...quotas);
}

/** The group and all above it. In a container the path may be the host's, of which only the last, the root, is to be seen. */
function upwards(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, index) => `/${names.slice(0, names.length - index).join("/")}`).concat("");
}

function quotaV2(group: string, read: Reader): number {
  const text =
    read(`/sys/fs/cgroup${group}/cpu.max`) ?? read(`/sys/fs/cgroup/unified${group}/cpu.max`);
  const [quota, period] = (text ?? "").split(" ");
  return coresOf(quota, period);
}

function quotaV1(group: string, controllers: string, read: Reader): number {
  for (const mount of [controllers, "cpu"]) {
    const directory = `/sys/fs/cgroup/${mount}${group}`;
    const quota = read(`${directory}/cpu.cfs_quota_us`);
    if (quota !== undefined) return coresOf(quota, read(`${directory}/cpu.cfs_period_us`));
  }
  return Infinity;
}

/** "max" and -1 are no quota. */
function coresOf(quota: string | undefined, period: string | undefined): number {
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Infinity;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // Not Linux, or no such controller.
  }
}
