// Which files are worth watching: what the application imported, the other sources beside it, and what --reload-include names, and the configuration file. Asks the
// file system nothing but whether a directory is a package.

import { basename, dirname, join } from "node:path";
import type { PathPattern } from "../../core/development/pattern.ts";
import { lookAt } from "./look-at.ts";

/** What is installed, not written here: of it only what is imported counts. */
const INSTALLED = /[/\\](?:site|dist)-packages[/\\]/;
/** Hidden files, and what editors and Python put beside a source, are none of ours. */
const NEVER = /^(?:\..*|__pycache__|node_modules|.*~|#.*#|4913|.*___jb_(?:tmp|old)___)$/;
const SOURCE = /\.pyw?$/;
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u;

export class SourceFiles {
  readonly #imported = new Set<string>();
  /** Directories in which every source counts. */
  readonly #directories = new Set<string>();
  /** Directories of which only imported files count. */
  readonly #installed = new Set<string>();
  readonly #patterns: readonly PathPattern[];

  /** `directory` is the application's own: what it needs and does not find would be there. */
  constructor(directory: string, patterns: readonly PathPattern[]) {
    this.#directories.add(directory);
    this.#patterns = patterns;
  }

  /** Each to be watched without what is below it. */
  get directories(): readonly string[] {
    return [...this.#directories, ...this.#installed].filter(isDirectory);
  }

  /** Each to be watched with all that is below it. */
  get trees(): readonly string[] {
    return [...new Set(this.#patterns.map(({ base }) => base))].filter(exists);
  }

  /** Returns whether there is more to watch than before. */
  imported(files: readonly string[]): boolean {
    const before = this.#imported.size + this.#directories.size;
    for (const file of files) {
      this.#imported.add(file);
      const directory = dirname(file);
      if (INSTALLED.test(file)) this.#installed.add(directory);
      else this.#directories.add(directory);
    }
    return this.#imported.size + this.#directories.size > before;
  }

  /** A directory has appeared beside sources; returns whether it is a package, or may become one. */
  appeared(directory: string): boolean {
    const isBeside = this.#directories.has(dirname(directory));
    if (!isBeside || this.#directories.has(directory)) return false;
    if (!IDENTIFIER.test(basename(directory)) || NEVER.test(basename(directory))) return false;
    this.#directories.add(directory);
    return true;
  }

  /** Whether it is watched, or something below it is. */
  leadsTo(directory: string): boolean {
    const watched = [...this.#directories, ...this.#installed];
    return watched.some((one) => one === directory || one.startsWith(`${directory}/`));
  }

  /** Whether a change of this file is a change of the application. */
  isRelevant(path: string): boolean {
    // Named in full, it is meant, whatever it is called: .env
    if (this.#patterns.some((one) => one.base === path && one.matches(path))) return true;
    if (NEVER.test(basename(path))) return false;
    if (this.#imported.has(path)) return true;
    if (SOURCE.test(path) && this.#directories.has(dirname(path))) return true;
    return this.#patterns.some((pattern) => pattern.matches(path));
  }

  /** Whether something relevant may be below it. */
  isPassable(directory: string): boolean {
    if (this.#directories.has(directory) || this.#installed.has(directory)) return true;
    if (this.trees.includes(directory)) return true;
    return !NEVER.test(basename(directory)) && !exists(join(directory, "pyvenv.cfg"));
  }
}

function isDirectory(path: string): boolean {
  return lookAt(path)?.isDirectory() ?? false;
}

function exists(path: string): boolean {
  return lookAt(path) !== undefined;
}
