// The file that tells other programs this server's process id, for as long as it listens.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { StartupError } from "../config/startup-error.ts";
import { errorCode } from "../core/error-code.ts";

export interface PidFile {
  /** Once the server listens. Replaces a stale file in one step, so that no reader sees half of one. */
  write(): void;
  /** Removes it, unless another server has taken its place meanwhile. */
  remove(): void;
}

const NONE: PidFile = { write: () => {}, remove: () => {} };

/** Throws StartupError when a server that runs has written it. */
export function claimPidFile(path: string | null): PidFile {
  if (path === null) return NONE;
  // Absolute: it is removed wherever the process is then.
  const absolute = resolve(path);
  const pid = readPid(absolute);
  if (pid !== undefined && pid !== process.pid && isServer(pid))
    throw new StartupError("pid-file-in-use", { path, pid: String(pid) });
  return {
    write() {
      try {
        const temporary = `${absolute}.${process.pid}`;
        writeFileSync(temporary, `${process.pid}\n`, { mode: 0o644 });
        renameSync(temporary, absolute);
      } catch (error) {
        const reason = errorCode(error);
        throw new StartupError("bad-pid-file", { path, reason }, { cause: error });
      }
    },
    remove() {
      if (readPid(absolute) !== process.pid) return;
      try {
        rmSync(absolute);
      } catch {
        // No right to the directory any more: the next start finds that nobody runs under this number.
      }
    },
  };
}

function readPid(path: string): number | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new StartupError("bad-pid-file", { path, reason: errorCode(error) }, { cause: error });
  }
}

/** Numbers come again, in a container at every start: a process that is no server of ours has not written it. */
function isServer(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false; // Anything else is a process of another user.
  }
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const script = process.argv[1] ?? "";
    return words.some(
      (word) => word === script || /^(?:main\.[jt]s|rickhouse)$/.test(basename(word)),
    );
  } catch {
    return true; // Not Linux, or not ours to look at: the living are left in peace.
  }
}
