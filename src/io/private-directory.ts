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

/** Unpredictable name, mode 0700. */
export function makePrivateDirectory(): PrivateDirectory {
  const path = mkdtempSync(join(tmpdir(), "rickhouse-"));
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
