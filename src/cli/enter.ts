// Goes to the directory in which a server starts.

import { StartupError } from "../config/startup-error.ts";
import { errorCode } from "../core/error-code.ts";

/** It is one, but whether this user may enter it is known when it is tried. Throws StartupError. */
export function enter(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    const details = { given: `working directory ${directory}`, code: errorCode(error) };
    throw new StartupError("directory-not-entered", details, { cause: error });
  }
}
