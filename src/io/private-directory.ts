// The private directory of one server: the socket of the channels and the spool files, for its own user alone (design sections 1 and 2).

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { StartupError } from "../config/startup-error.ts";
import { errorCode } from "../core/error-code.ts";

export interface PrivateDirectory {
  readonly path: string;
  /** What to say of one that lies in memory: so do its files, then. */
  readonly advice: string | undefined;
  /** A path that no file has yet. */
  newPath(): string;
  remove(): void;
}

/** The path of a Unix socket may have 104 bytes on macOS and 108 on Linux, its NUL included (unix(4), unix(7)). */
const MAX_SOCKET_PATH_BYTES = 103;
const OWN_MODE = 0o700;
/** `f_type` of file systems that live in memory: tmpfs, ramfs (statfs(2)). */
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6];
const LONGEST_PATH_INSIDE = "rickhouse-XXXXXX/channel.sock";

/**
 * In `temporary`; in /tmp, if that is too deep for the path of a socket. Unpredictable name, mode 0700. Throws StartupError when it cannot be made.
 */
export function makePrivateDirectory(temporary = tmpdir()): PrivateDirectory {
  // Absolute: the application may change its working directory.
  const wanted = resolve(temporary);
  const bytes = Buffer.byteLength(join(wanted, LONGEST_PATH_INSIDE));
  const parent = bytes <= MAX_SOCKET_PATH_BYTES ? wanted : "/tmp";
  const path = makeDirectory(parent);
  let count = 0;
  return {
    path,
    advice: MEMORY_FILE_SYSTEMS.includes(statfsSync(path).type) ? memoryAdvice(path) : undefined,
    // No file can be opened at "": who tries says so.
    newPath: () => (keepDirectory(path) ? join(path, `spool-${++count}`) : ""),
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function makeDirectory(parent: string): string {
  try {
    const path = mkdtempSync(join(parent, "rickhouse-"));
    chmodSync(path, OWN_MODE);
    return path;
  } catch (error) {
    const reason = errorCode(error);
    throw new StartupError("bad-temporary-directory", { path: parent, reason }, { cause: error });
  }
}

/**
 * Makes the directory again if somebody has removed it (`rm -rf /tmp/*`, a cleaner of temporary files): what is open in it lives on, but
 * nothing new finds its way. False if that cannot be, or if somebody else has made one of that name meanwhile.
 */
export function keepDirectory(path: string): boolean {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined) return found.isDirectory() && found.uid === process.geteuid?.();
    mkdirSync(path, { mode: OWN_MODE });
    return true;
  } catch {
    return false;
  }
}

function memoryAdvice(path: string): string {
  const parent = dirname(path);
  return `bodies and answers beyond memory go to files in ${parent}, which is in memory itself: set TMPDIR to a directory on a disk`;
}
