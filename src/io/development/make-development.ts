// The server's parts, as the development loop may see and steer them; and what a server for developers is warned of. Decides nothing.

import { isLocalAddress } from "../../config/admin-address.ts";
import type { ApplicationSpec } from "../../config/application.ts";
import { describeBindAddress } from "../../config/bind-address.ts";
import type { Config } from "../../config/options.ts";
import type { Log } from "../log.ts";
import type { Pool } from "../workers/pool.ts";
import type { ReloadOutcome } from "../workers/reload-watch.ts";
import { Development } from "./development.ts";

/** Undefined without --reload. */
export function makeDevelopment(parts: {
  readonly config: Config;
  readonly application: ApplicationSpec;
  readonly log: Log;
  readonly pool: Pool;
  /** `module:callable`. */
  readonly name: string;
  /** Where it listens, for people. */
  urls(): string;
  reload(): Promise<ReloadOutcome>;
  /** The first start failed: nothing is imported until a file changes. */
  onBroken(): void;
}): Development | undefined {
  const { config, application, log, pool, name } = parts;
  warnOfDebug(config, log);
  if (!config.reload) return undefined;
  return new Development({
    config,
    application,
    log,
    requests: pool,
    generations: () => {
      const { registry } = pool.workforce;
      const { generationsInTurn } = registry;
      const hasStale = [...registry.workers.values()].some(
        ({ state, generation }) => state === "ready" && generation.id !== generationsInTurn.serving,
      );
      return { ...generationsInTurn, hasStale };
    },
    reload: () => parts.reload(),
    onBroken: () => {
      parts.onBroken();
      log.warning(
        `not serving ${name} at ${parts.urls()} yet: requests are told why until a good save mends it`,
      );
    },
  });
}

function warnOfDebug({ debug, bind }: Config, log: Log): void {
  const far = bind.filter((address) => !isLocalAddress(address));
  if (!debug || far.length === 0) return;
  const addresses = far.map(describeBindAddress).join(", ");
  log.warning(
    `--debug shows source lines to everybody who can reach ${addresses}: bind to 127.0.0.1, or leave it out`,
  );
}
