// Watches directories for changes of relevant files, and says when it does. Owns the watchers; what a change means is not its business.

import { readdirSync, type Stats } from "node:fs";
import { join, resolve } from "node:path";
import type { FSWatcher, watch } from "chokidar";
import { errorOf } from "../../core/error-of.ts";
import { lookAt } from "./look-at.ts";
import type { SourceFiles } from "./source-files.ts";

const GONE = -1;
const UNREADY_MS = 1000;

export interface FileWatchEvents {
  /** A relevant file has changed; `isGone`: it is not there. */
  onChange(path: string, isGone: boolean): void;
  /** All that there is to watch is watched. */
  onReady(): void;
  onError(error: Error): void;
}

export class FileWatch {
  readonly #files: SourceFiles;
  readonly #events: FileWatchEvents;
  /** Those that are ready, and one that may not be yet: it takes their place. */
  #watchers: readonly FSWatcher[] = [];
  #opening = 0;
  #isReady = false;
  #isClosed = false;
  /** Milliseconds since 1970: what changed before is in the code that is being imported. */
  #sinceMs = Date.now();
  /** Directories that went away: chokidar has let go of them, and looks no deeper when they come back. */
  readonly #gone = new Set<string>();
  /** When each file that was seen had changed last, or GONE. */
  readonly #known = new Map<string, number>();

  constructor(files: SourceFiles, events: FileWatchEvents) {
    this.#files = files;
    this.#events = events;
  }

  /** Nothing changes from now on that goes unseen. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The application is imported anew from now on. */
  begin(): void {
    this.#sinceMs = Date.now();
  }

  /** There is more to watch: a watcher of all takes the place of the one that there is, which serves until then. */
  async extend(): Promise<void> {
    const turn = ++this.#opening;
    this.#isReady = false;
    const chokidar = await import("chokidar");
    if (turn !== this.#opening || this.#isClosed) return;
    const roots = this.#open(chokidar.watch, this.#files.directories, { depth: 0 });
    const trees = this.#open(chokidar.watch, this.#files.trees, {});
    const opened = [roots, trees].filter((watcher) => watcher !== undefined);
    const before = this.#watchers;
    this.#watchers = [...before, ...opened];
    await Promise.all(opened.map(readiness));
    if (turn !== this.#opening) return;
    this.#watchers = opened;
    for (const old of before) void old.close();
    this.#lookAround();
    this.#isReady = true;
    if (!this.#isClosed) this.#events.onReady();
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers) void watcher.close();
  }

  /** Nothing where there is nothing to watch: such a watcher would never be ready. */
  #open(
    open: typeof watch,
    paths: readonly string[],
    { depth }: { depth?: number },
  ): FSWatcher | undefined {
    if (paths.length === 0) return undefined;
    const watcher = open([...paths], {
      ...(depth === undefined ? {} : { depth }),
      // Files are told of when they are first seen too: one that changed while nobody watched it yet has a time that says so.
      ignoreInitial: false,
      alwaysStat: true,
      atomic: false,
      followSymlinks: true,
      ignored: (path, stats) => this.#isIgnored(path, stats),
    });
    // The event of the system itself, which comes a few milliseconds before chokidar has found out what it was.
    watcher.on("raw", (_event, name, details) => {
      for (const path of rawPaths(name, details)) this.#look(path);
    });
    watcher.on("add", (path) => {
      this.#look(path);
    });
    watcher.on("change", (path) => {
      this.#look(path);
    });
    watcher.on("unlink", (path) => {
      this.#look(path);
    });
    watcher.on("addDir", (path, stats) => {
      this.#directoryAppeared(path, stats);
    });
    watcher.on("unlinkDir", (path) => {
      this.#gone.add(path);
    });
    watcher.on("error", (error) => {
      this.#events.onError(errorOf(error));
    });
    return watcher;
  }

  #isIgnored(path: string, stats: Stats | undefined): boolean {
    if (stats === undefined) return false;
    if (stats.isDirectory()) return !this.#files.isPassable(path);
    return !this.#files.isRelevant(path);
  }

  /**
   * Several events tell of one change, and some of none: the file's own time decides. It cannot be set, also not by `mv` and `cp -p`. It is
   * compared with itself, since the clock of a network file system may be another; with ours only when a file is first seen.
   */
  #look(path: string): void {
    if (this.#isClosed || !this.#files.isRelevant(path)) return;
    const stats = lookAt(path);
    const changedAt = stats?.isFile() ? stats.ctimeMs : GONE;
    const known = this.#known.get(path);
    if (changedAt === known) return;
    this.#known.set(path, changedAt);
    if (known === undefined && changedAt <= this.#sinceMs) return;
    this.#events.onChange(path, changedAt === GONE);
  }

  /** A file that came between chokidar's list of a directory and its watch of it has been told of by nobody. */
  #lookAround(): void {
    for (const directory of this.#files.directories)
      for (const name of namesIn(directory)) this.#look(join(directory, name));
  }

  /** A new package beside the others. What lies in it is looked at when it is watched. */
  #directoryAppeared(path: string, stats: Stats | undefined): void {
    if (this.#gone.delete(path) && this.#files.leadsTo(path)) {
      void this.extend();
      return;
    }
    const bornAt = stats?.birthtimeMs ?? 0;
    const isPackage = lookAt(join(path, "__init__.py")) !== undefined;
    const isNew = bornAt > this.#sinceMs;
    if ((!isNew && !(isPackage && this.#isReady)) || !this.#files.appeared(path)) return;
    if (isPackage) this.#events.onChange(join(path, "__init__.py"), false);
    void this.extend();
  }
}

function readiness(watcher: FSWatcher): Promise<void> {
  return new Promise((done) => {
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(done, UNREADY_MS);
    };
    watcher.once("ready", () => {
      clearTimeout(timer);
      done();
    });
    // A list that breaks off never gets ready (a dead mount); what can be watched is, once nothing more is found.
    watcher.once("error", () => {
      wait();
      watcher.on("all", wait);
    });
  });
}

/** Nothing where it has gone meanwhile, or may not be read. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** What the system names is the file, or the entry of a watched directory. */
function rawPaths(name: unknown, details: unknown): readonly string[] {
  if (typeof details !== "object" || details === null || !("watchedPath" in details)) return [];
  const { watchedPath } = details;
  if (typeof watchedPath !== "string") return [];
  return typeof name === "string" ? [resolve(watchedPath, name), watchedPath] : [watchedPath];
}
