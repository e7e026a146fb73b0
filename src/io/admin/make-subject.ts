// The parts of the server, as the admin side may see and steer them. Decides nothing.

import type { Config } from "../../config/options.ts";
import type { Figures } from "../../core/metrics/figures.ts";
import type { History } from "../../core/metrics/history.ts";
import type { Log } from "../log.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Front } from "../net/front.ts";
import type { Listener } from "../net/listener.ts";
import type { Pool } from "../workers/pool.ts";
import type { ReloadOutcome } from "../workers/reload-watch.ts";
import { scaleTo } from "../workers/scale-to.ts";
import { collectStacks } from "../workers/stacks-log.ts";
import type { AdminSubject } from "./subject.ts";

export interface Parts {
  readonly config: Config;
  readonly version: string;
  /** `module:callable`. */
  readonly application: string;
  readonly figures: Figures;
  readonly history: History;
  readonly lifecycle: Lifecycle;
  readonly front: Front;
  readonly pool: Pool;
  readonly log: Log;
  readonly development: { readonly isBroken: boolean } | undefined;
  listeners(): readonly Listener[];
  reload(): Promise<ReloadOutcome>;
}

export function makeSubject(parts: Parts): AdminSubject {
  const { config, version, application, figures, history } = parts;
  const { lifecycle, front, pool, log, development } = parts;
  return {
    config,
    version,
    application,
    startedAt: Date.now(),
    figures,
    history,
    state: () => lifecycle.phase,
    listeners: () => parts.listeners().map(({ url }) => url),
    pool: () => pool.status(),
    connections: () => front.status(),
    sockets: front.sockets,
    isBroken: () => development?.isBroken === true,
    verbs: {
      reload: () => parts.reload(),
      scale: (workers) => scaleTo(pool.workforce, workers),
      stacks: (worker) => collectStacks(pool.workforce, worker),
      setLogLevel: (level) => {
        log.level = level;
      },
      stop: () => process.kill(process.pid, "SIGTERM"),
    },
  };
}
