// The control groups of this process (cgroups(7), version 1 and 2), as directories in which a controller keeps its limits. Knows files
// only through the reader that it is given, and no limit's meaning.

import { readFileSync } from "node:fs";

/** The text of a file; undefined if it cannot be read. */
export type Reader = (path: string) => string | undefined;

export interface ControlGroup {
  readonly version: 1 | 2;
  readonly directory: string;
}

const MOUNTS = "/sys/fs/cgroup";

/** The group of this process and all above it, whose limits bind it too; some of the directories may not be there. */
export function controlGroups(controller: string, read: Reader): readonly ControlGroup[] {
  return (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    // hierarchy-ID:controllers:path (cgroups(7)); the path may hold colons.
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    // "unified": where both versions are mounted.
    if (controllers === "") return directories(["", "/unified"], path, 2);
    if (!controllers.split(",").includes(controller)) return [];
    return directories([`/${controllers}`, `/${controller}`], path, 1);
  });
}

function directories(mounts: readonly string[], path: string, version: 1 | 2): ControlGroup[] {
  return upwards(path).flatMap((group) =>
    mounts.map((mount) => ({ version, directory: `${MOUNTS}${mount}${group}` })),
  );
}

/** The group and all above it. In a container the path may be the host's, of which only the last, the root, is to be seen. */
function upwards(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, index) => `/${names.slice(0, names.length - index).join("/")}`).concat("");
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // Not Linux, or no such controller.
  }
}
