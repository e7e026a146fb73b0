// What one simulated front is started with.

import type { DispatchOptions } from "../../../src/core/dispatch/effects.ts";
import type { RegistryOptions } from "../../../src/core/workers/commands.ts";
import type { Trouble } from "./zygote-model.ts";

export interface FrontOptions {
  readonly dispatch: DispatchOptions;
  readonly registry: RegistryOptions;
  readonly trouble: Trouble;
  /** By as many as are replaced at once. */
  readonly mayExceedMaximum: boolean;
  /** The front can read what a lost zygote shared with its workers. */
  readonly isMemoryLegible: boolean;
}
