// The first message to a zygote, from the configuration (docs/protocol.md section 2).

import { resolve } from "node:path";
import type { ApplicationSpec } from "../../config/application.ts";
import type { Config } from "../../config/options.ts";
import { PROTOCOL_VERSION } from "../../core/wire/frame.ts";
import { broughtOutput, outputPathIn } from "../brought-output.ts";
import type { LoadRequest } from "./control-messages.ts";

export function loadRequestOf(
  config: Config,
  application: ApplicationSpec,
  place: { version: string; privateDirectory: string; channelPath: string },
): LoadRequest {
  const brought = broughtOutput(config);
  const outputPath = outputPathIn(place.privateDirectory);
  return {
    type: "load",
    protocol: PROTOCOL_VERSION,
    version: place.version,
    directory: application.directory,
    module: application.module,
    callable: application.callable,
    pythonPath: config.pythonpath.map((directory) => resolve(directory)),
    preload: config.preload,
    threads: config.threads,
    channelPath: place.channelPath,
    outputPath: brought === "all" ? outputPath : null,
    reportsPath: brought === "reports" ? outputPath : null,
    privateDirectory: place.privateDirectory,
    maxWorkers: config.workers.max,
    softFileLimit: config.softFileLimit,
    gracefulTimeoutMs: config.gracefulTimeoutMs,
    multiprocess: config.workers.max > 1,
    watch: config.reload,
    debug: config.debug,
  };
}
