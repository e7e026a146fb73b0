// --reload: files change, the application is imported anew, and no request meets the old code meanwhile. Joins the watch, the patience with
// editors, the gate before the pool and the server's reload; carries out none of them.

import { relative } from "node:path";
import type { ApplicationSpec } from "../../config/application.ts";
import type { Config } from "../../config/options.ts";
import { exactly, makePattern } from "../../core/development/pattern.ts";
import { Changes } from "../../core/development/changes.ts";
import type { RequestSink } from "../../core/http/exchange.ts";
import { REFUSALS } from "../../core/http/refusal.ts";
import type { Log } from "../log.ts";
import type { ModulesReport } from "../workers/control-messages.ts";
import type { Generations, ReloadOutcome } from "../workers/reload-watch.ts";
import { FileWatch } from "./file-watch.ts";
import { type GatedRequests, RequestGate } from "./request-gate.ts";
import { SourceFiles } from "./source-files.ts";

const MAX_NAMED = 3;

export interface DevelopmentParts {
  readonly config: Config;
  readonly application: ApplicationSpec;
  readonly log: Log;
  readonly requests: GatedRequests;
  /** Generations, and whether a worker of an older one than the one that serves may still be given requests. */
  generations(): Generations & { readonly hasStale: boolean };
  reload(): Promise<ReloadOutcome>;
  /** The first start failed; called once. */
  onBroken(): void;
}

export class Development {
  readonly #parts: DevelopmentParts;
  readonly #gate: RequestGate;
  readonly #files: SourceFiles;
  readonly #watch: FileWatch;
  readonly #changes = new Changes();
  #timer: NodeJS.Timeout | undefined;
  /** The newest generation that was begun. */
  #newest: number | undefined;
  /** Of the import that failed, while it is the newest. */
  #traceback = "";
  /** Why there is no newer generation, though files have changed. */
  #refused = "";
  #hasServed = false;
  #isBroken = false;
  #hasWarned = false;
  #isDraining = false;

  constructor(parts: DevelopmentParts) {
    const { config, application, requests } = parts;
    this.#parts = parts;
    this.#gate = new RequestGate(requests);
    const patterns = config.reloadInclude.map((text) => makePattern(text, process.cwd()));
    if (config.configFile !== null) patterns.push(exactly(config.configFile));
    this.#files = new SourceFiles(application.directory, patterns);
    this.#watch = new FileWatch(this.#files, {
      onChange: (path, isGone) => {
        this.#onChange(path, isGone);
      },
      onReady: () => {
        this.#update();
      },
      onError: (error) => {
        this.#onError(error);
      },
    });
  }

  /** What stands before the pool. */
  get requests(): RequestSink {
    return this.#gate;
  }

  /** There is no code that could answer, until a good save. */
  get isBroken(): boolean {
    return this.#gate.state === "broken" && !this.#isDraining;
  }

  /** Before the application is first imported. */
  start(): void {
    this.#watch.begin();
    void this.#watch.extend();
  }

  /** The zygote or a worker has imported these. */
  imported({ files, traceback }: ModulesReport): void {
    if (traceback !== "") this.#traceback = traceback;
    if (this.#files.imported(files)) void this.#watch.extend();
  }

  /** Something happened among the workers. */
  settled(): void {
    const { candidate, serving } = this.#parts.generations();
    if (candidate !== undefined && candidate !== this.#newest) {
      this.#newest = candidate;
      this.#traceback = this.#refused = "";
    }
    if (serving !== undefined) this.#hasServed = true;
    this.#update();
  }

  /** The server is about to end: nobody waits for new code any more. */
  drain(): void {
    this.#isDraining = true;
    clearTimeout(this.#timer);
    this.#watch.close();
    if (this.#gate.state !== "open") this.#gate.set({ kind: "broken", refusal: REFUSALS.draining });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watch.close();
  }

  #update(): void {
    if (this.#isDraining) return;
    const { candidate, serving, hasStale, lastFailure } = this.#parts.generations();
    const isChanging = this.#changes.dueAt !== Infinity;
    if (isChanging || candidate !== undefined || this.#newest === undefined) {
      this.#gate.set({ kind: "waiting" });
      return;
    }
    if (this.#refused !== "") {
      this.#broken(this.#refused);
      return;
    }
    if (serving !== this.#newest) {
      this.#broken(lastFailure);
      return;
    }
    this.#isBroken = false;
    // A worker of the old code would answer with it; files that nobody watches yet may have changed.
    const mayPass = !hasStale && this.#watch.isReady;
    this.#gate.set({ kind: mayPass ? "open" : "waiting" });
  }

  #broken(why: string): void {
    const detail = this.#traceback === "" ? `${why}\n` : this.#traceback;
    const { applicationBroken } = REFUSALS;
    const refusal = this.#parts.config.debug ? { ...applicationBroken, detail } : applicationBroken;
    this.#gate.set({ kind: "broken", refusal });
    if (this.#isBroken) return;
    this.#isBroken = true;
    if (!this.#hasServed) this.#parts.onBroken();
  }

  #onChange(path: string, isGone: boolean): void {
    this.#changes.changed(path, isGone, performance.now());
    this.#schedule();
    this.#update();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const dueInMs = Math.max(0, this.#changes.dueAt - performance.now());
    this.#timer = setTimeout(() => {
      this.#reloadIfDue();
    }, dueInMs);
  }

  #reloadIfDue(): void {
    const paths = this.#changes.take(performance.now());
    if (paths.length === 0) {
      this.#schedule();
      return;
    }
    const named = paths.slice(0, MAX_NAMED).map((path) => shown(path));
    const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : "";
    this.#parts.log.info(`changed: ${named.join(", ")}${more}`);
    this.#watch.begin();
    void this.#reload();
    this.#update();
  }

  /** A configuration that is not good brings no new code: the old one must not answer for it. */
  async #reload(): Promise<void> {
    this.#refused = "";
    const { generation, error } = await this.#parts.reload();
    if (generation !== undefined || error === undefined) return;
    this.#refused = error;
    this.#traceback = ""; // Of code that is not the newest any more.
    this.#update();
  }

  #onError(error: Error): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const isLimit = "code" in error && (error.code === "ENOSPC" || error.code === "EMFILE");
    const remedy = isLimit
      ? "raise fs.inotify.max_user_watches and max_user_instances, or set CHOKIDAR_USEPOLLING=1"
      : "set CHOKIDAR_USEPOLLING=1 where the file system tells nobody of changes";
    this.#parts.log.warning(`not all files can be watched: ${error.message} (${remedy})`);
  }
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}
