// The private directory of one server: the socket of the channels and the spool files, for its own user alone (design sections 1 and 2).

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PrivateDirectory {
  readonly path: string;
  /** A path that no file has yet. */
  newPath(): string;
  remove(): void;
}

/** The path of a Unix socket may have 104 bytes on macOS and 108 on Linux, its NUL included (unix(4), unix(7)). */
const MAX_SOCKET_PATH_BYTES = 103;
const LONGEST_PATH_INSIDE = "rickhouse-XXXXXX/channel.sock";

/** Unpredictable name, mode 0700. In /tmp, if TMPDIR is too deep for the path of a socket. */
export function makePrivateDirectory(): PrivateDirectory {
  const bytes = Buffer.byteLength(join(tmpdir(), LONGEST_PATH_INSIDE));
  const parent = bytes <= MAX_SOCKET_PATH_BYTES ? tmpdir() : "/tmp";
  const path = mkdtempSync(join(parent, "rickhouse-"));
  chmodSync(path, 0o700);
  let count = 0;
  return {
    path,
    newPath: () => join(path, `spool-${++count}`),
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
