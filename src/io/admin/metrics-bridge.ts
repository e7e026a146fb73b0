// The application's own figures: prometheus_client keeps them in files, one set a process, once it is told a directory; here they are read and
// merged, and those of processes that are gone are added up and removed. No worker is asked, so a hanging one is heard all the same.

import { mkdirSync } from "node:fs";
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Family } from "../../core/metrics/exposition.ts";
import { readValues } from "../../core/metrics/value-file.ts";
import { ValueMerge, type ProcessValues, type ValueType } from "../../core/metrics/value-merge.ts";
import { errorCode } from "../../core/error-code.ts";

/** Where prometheus_client looks; also what tells it to keep its values in files. */
const DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR";
const OLD_VARIABLE = "prometheus_multiproc_dir";

/** Of the names of all that are set, that by which the user has named a directory already: then the figures are the application's own business. */
export function variableOfAnother(names: readonly string[]): string | undefined {
  return [DIRECTORY_VARIABLE, OLD_VARIABLE].find((name) => names.includes(name));
}

/** Workers that come and go must not fill the disk where nobody scrapes. */
const TIDY_PERIOD_MS = 60_000;
const FILE_NAME = /^(counter|histogram|summary|gauge)(?:_([a-z]+))?_(\d+)\.db$/;

export class MetricsBridge {
  readonly #directory: string;
  readonly #merge = new ValueMerge();
  readonly #timer: NodeJS.Timeout;
  /** Two at once would add up a process twice. */
  #last: Promise<readonly ProcessValues[]> = Promise.resolve([]);

  /** Makes `directory`, and has every Python process that is started from now on keep its figures there. */
  static open(directory: string, environment: NodeJS.ProcessEnv): MetricsBridge {
    mkdirSync(directory, { mode: 0o700 });
    environment[DIRECTORY_VARIABLE] = directory;
    return new MetricsBridge(directory);
  }

  constructor(directory: string) {
    this.#directory = directory;
    this.#timer = setInterval(() => void this.#living(), TIDY_PERIOD_MS);
    this.#timer.unref();
  }

  async families(): Promise<Family[]> {
    const living = await this.#living();
    return this.#merge.families(living);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #living(): Promise<readonly ProcessValues[]> {
    this.#last = this.#last.then(() => this.#collect());
    return this.#last;
  }

  /** What living processes hold; what others held is kept, and their files go. */
  async #collect(): Promise<ProcessValues[]> {
    const living: ProcessValues[] = [];
    for (const name of await readdir(this.#directory).catch(() => [])) {
      const found = FILE_NAME.exec(name);
      if (found === null) continue;
      const [, type = "", mode = "", pid = ""] = found;
      // Before it is read: what one that dies meanwhile wrote last is then found the next time.
      const isGone = !isRunning(Number(pid));
      const path = join(this.#directory, name);
      // Once more: its process may have made it longer while it was read, and what is left out now would count as new the next time.
      const values = (await valuesOf(path)) ?? (await valuesOf(path));
      if (values === undefined || !isType(type)) continue;
      const process = { type, mode, pid: Number(pid), values };
      if (!isGone) living.push(process);
      else {
        this.#merge.keep(process);
        await unlink(path).catch(() => {});
      }
    }
    return living;
  }
}

/** Undefined for a file of another form: of a prometheus_client before 0.17, say. */
async function valuesOf(path: string): Promise<ProcessValues["values"] | undefined> {
  try {
    return readValues(await readFile(path));
  } catch {
    return undefined;
  }
}

function isType(text: string): text is ValueType {
  return ["counter", "gauge", "histogram", "summary"].includes(text);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
