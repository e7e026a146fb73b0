// The first message to a zygote, from the configuration (docs/protocol.md section 2).

import { join, resolve } from "node:path";
import type { ApplicationSpec } from "../../config/application.ts";
import type { Config } from "../../config/options.ts";
import { PROTOCOL_VERSION } from "../../core/wire/frame.ts";
import type { LoadRequest } from "./control-messages.ts";

export function loadRequestOf(
  config: Config,
  application: ApplicationSpec,
  place: { version: string; privateDirectory: string; channelPath: string },
): LoadRequest {
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
    outputPath: outputPathOf(config, place.privateDirectory),
    privateDirectory: place.privateDirectory,
    maxWorkers: config.workers.max,
    softFileLimit: config.softFileLimit,
    gracefulTimeoutMs: config.gracefulTimeoutMs,
    multiprocess: config.workers.max > 1,
    watch: config.reload,
    debug: config.debug,
  };
}

/** Where what the application prints is brought to be tagged; null where it is passed on untouched. */
export function outputPathOf(
  { logFormat }: Pick<Config, "logFormat">,
  privateDirectory: string,
): string | null {
  return logFormat === "json" ? join(privateDirectory, "output.sock") : null;
}
