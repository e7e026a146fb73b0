// A reload of the configuration: read again, compared, carried out and said. The configuration that everybody holds is one object, whose
// values change here and nowhere else: who reads it late has the new ones by itself, who has copied some is told to look again.

import type { Config } from "../config/options.ts";
import { changesBetween } from "../config/reload.ts";
import { StartupError } from "../config/startup-error.ts";
import type { Log } from "./log.ts";

/** The configuration and the application as files, environment and command line say now; throws StartupError. */
export type ReadAgain = () => { readonly config: Config; readonly isSameApplication: boolean };

/** Returns false, after one line, where the configuration cannot be read: nothing has changed then. */
export function reloadConfig(
  running: Config,
  readAgain: ReadAgain,
  { log, onChanged }: { readonly log: Log; readonly onChanged: () => void },
): boolean {
  let next: ReturnType<ReadAgain>;
  try {
    next = readAgain();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    log.error(`reload refused: ${error.message}; the old configuration and code serve on`);
    return false;
  }
  const { values, applied, waiting } = changesBetween(running, next.config);
  const late = next.isSameApplication ? waiting : ["application", ...waiting];
  if (late.length > 0) log.warning(`a restart is needed for ${late.join(", ")}`);
  if (applied.length === 0) return true;
  Object.assign(running, values);
  log.info(`configuration: ${applied.join(", ")}`);
  onChanged();
  return true;
}
