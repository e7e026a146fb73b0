// Why the application has not come up so far, for the one line that ends the server if that turns out to be fatal. What is fatal, the
// registry decides.

import type { Config } from "../../config/options.ts";
import { StartupError } from "../../config/startup-error.ts";

export class StartFailure {
  readonly #config: Config;
  #error: StartupError;

  constructor(config: Config) {
    this.#config = config;
    // Of a worker that cannot import, its exit status is all that is known here; the traceback and the hint it wrote itself.
    this.#error = notImported(
      "the application does not import",
      "see above what a worker said of it",
    );
  }

  get error(): StartupError {
    return this.#error;
  }

  /** The zygote could not import the application. */
  reported(error: string, hint: string): void {
    const lower = hint.slice(0, 1).toLowerCase() + hint.slice(1);
    this.#error = notImported(error, lower.replace(/\.$/, ""));
  }

  overdue(): void {
    const seconds = String(this.#config.startTimeoutMs / 1000);
    this.#error = new StartupError("start-timeout", { seconds });
  }

  /** Without a word: it is no Python, was killed, or the application ended it. */
  zygoteEnded(how: string): void {
    const error = `${this.#config.python} ended (${how}) before the application could serve`;
    this.#error = notImported(error, "see the lines above, or name another interpreter (--python)");
  }
}

function notImported(error: string, hint: string): StartupError {
  return new StartupError("application-not-imported", { error, hint });
}
