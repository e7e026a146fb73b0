// What the pool is told at the start, and whom it tells.

import type { StartupError } from "../../config/startup-error.ts";
import type { ModulesReport } from "./control-messages.ts";
import type { WorkforceOptions } from "./workforce-events.ts";

export interface PoolOptions extends WorkforceOptions {
  /** The first worker can serve. */
  onReady(python: string): void;
  /** Something happened among the workers. `isReloading`: new code is on its way; once it is not, that or the old code serves. */
  onSettled(isReloading: boolean): void;
  /** What was imported (--reload). */
  onModules(report: ModulesReport): void;
  /** The application never came up. */
  onFatal(error: StartupError): void;
  /** After finish(): no process is left. */
  onFinished(): void;
}
