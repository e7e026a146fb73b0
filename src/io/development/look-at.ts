// A look at the file system that never throws: while people work on files, anything may be in the way.

import { statSync, type Stats } from "node:fs";

/** Undefined for what is not there, and for what cannot be looked at: a loop of links, a directory that may not be entered. */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
