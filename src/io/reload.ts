// A reload: the configuration is read again, compared, carried out and said; then the code follows. The configuration that everybody holds
// is one object, whose values change here and nowhere else: who reads it late has the new ones by itself, who has copied some is told to
// look again.

import type { Config } from "../config/options.ts";
import { changesBetween } from "../config/reload.ts";
import { StartupError } from "../config/startup-error.ts";
import { errorOf } from "../core/error-of.ts";
import type { Log } from "./log.ts";
import type { ReloadOutcome } from "./workers/reload-watch.ts";

/** The configuration and the application as files, environment and command line say now; throws StartupError. */
export type ReadAgain = () => { readonly config: Config; readonly isSameApplication: boolean };

export interface Reloading {
  readonly log: Log;
  /** The values of the configuration have changed. */
  onChanged(): void;
  /** Resolves when new code is on its way; undefined where it is already. */
  startCode(): Promise<void> | undefined;
  /** What becomes of the code that is on its way now. */
  watchCode(): Promise<ReloadOutcome>;
  /** Neither is on its way: why. */
  onRefused(error: string): void;
}

/**
 * Configuration and code, or neither: new code may need the configuration that came with it. Whatever goes wrong, of whatever kind, is told,
 * and the server serves on.
 */
export async function reload(
  running: Config,
  readAgain: ReadAgain,
  parts: Reloading,
): Promise<ReloadOutcome> {
  try {
    const refusal = reloadConfig(running, readAgain, parts);
    if (refusal !== undefined) {
      parts.onRefused(refusal);
      return { generation: undefined, error: refusal };
    }
    const started = parts.startCode();
    // Nothing may come in between: the code of another reload would be taken for that of this one.
    if (started !== undefined) await started;
    return await parts.watchCode();
  } catch (thrown) {
    const error = errorOf(thrown).message;
    parts.log.error(`reload failed: ${error}; the old code serves on`);
    parts.onRefused(error);
    return { generation: undefined, error };
  }
}

/** Returns why the configuration cannot be read, after a line that says so: nothing has changed then. */
function reloadConfig(
  running: Config,
  readAgain: ReadAgain,
  { log, onChanged }: Pick<Reloading, "log" | "onChanged">,
): string | undefined {
  let next: ReturnType<ReadAgain>;
  try {
    next = readAgain();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    log.error(`reload refused: ${error.message}; the old configuration and code serve on`);
    return error.message;
  }
  const { values, applied, waiting } = changesBetween(running, next.config);
  const late = next.isSameApplication ? waiting : ["application", ...waiting];
  if (late.length > 0) log.warning(`a restart is needed for ${late.join(", ")}`);
  if (applied.length === 0) return undefined;
  Object.assign(running, values);
  log.info(`configuration: ${applied.join(", ")}`);
  onChanged();
  return undefined;
}
