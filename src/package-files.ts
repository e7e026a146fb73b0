// Where the package's other files are. This file lies as deep in a checkout (src/) as what it becomes a part of in a package (dist/):
// everybody else asks here, and never where they lie themselves.

import { createRequire } from "node:module";
import { extname, join } from "node:path";

const CODE = import.meta.dirname;

export const MANIFEST = join(CODE, "../package.json");

/** Of the live page: what a browser is served. */
export const PAGE = join(CODE, "page");

/** Of the code: `.ts` in a checkout, `.js` in a package. */
export const SCRIPT_EXTENSION = extname(import.meta.filename);

/** Loads a dependency that few need, when they need it, where nobody can wait for an `import()`. */
export const requireDependency = createRequire(import.meta.filename);

/** A file of the Python side. */
export function pythonFile(name: string): string {
  return join(CODE, "../python/src/rickhouse", name);
}
