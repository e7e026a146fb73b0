// Has a zygote import the application without any worker: what `rickhouse check` is for. Knows no configuration file and no output.

import { join } from "node:path";
import type { ApplicationSpec } from "../../config/application.ts";
import type { Config } from "../../config/options.ts";
import type { StartupError } from "../../config/startup-error.ts";
import { makePrivateDirectory } from "../private-directory.ts";
import { loadRequestOf } from "./load-request.ts";
import { StartFailure } from "./start-failure.ts";
import { Zygote } from "./zygote.ts";

export interface TrialImport {
  /** The version of the interpreter. */
  readonly python: string;
  /** Whether workers would be forked from the imported application. */
  readonly isPreloaded: boolean;
  /** What the import left that matters for that. */
  readonly notes: readonly string[];
}

/** Throws StartupError when the application does not import. Leaves no process behind. */
export async function tryImport(
  config: Config,
  application: ApplicationSpec,
  version: string,
): Promise<TrialImport> {
  const directory = makePrivateDirectory();
  try {
    return await importIn(directory.path, config, application, version);
  } finally {
    directory.remove();
  }
}

async function importIn(
  privateDirectory: string,
  config: Config,
  application: ApplicationSpec,
  version: string,
): Promise<TrialImport> {
  // Without preload the workers import; here it must be the zygote, and what it finds of fork safety is no matter then.
  const isForked = config.preload !== "off" && process.platform !== "darwin";
  const asked: Config = isForked ? config : { ...config, preload: "on" };
  const channelPath = join(privateDirectory, "channel.sock");
  const load = loadRequestOf(asked, application, { version, privateDirectory, channelPath });
  const failure = new StartFailure(config);
  const notes: string[] = [];
  let found: TrialImport | undefined;
  let error: StartupError | undefined;
  await new Promise<void>((resolve) => {
    const zygote = new Zygote(config);
    zygote.load(load, {
      onReport(report) {
        if (report.type === "note" && isForked) notes.push(report.text);
        if (report.type === "failed") failure.reported(report.error, report.hint);
        if (report.type === "failed") error = failure.error;
        if (report.type !== "loaded") return;
        const isPreloaded = isForked && report.preload;
        found = { python: report.python, isPreloaded, notes: [...notes, ...report.notes] };
        zygote.send({ type: "stop" });
      },
      onGone(how) {
        clearTimeout(timer);
        if (found === undefined && error === undefined) {
          failure.zygoteEnded(how);
          error = failure.error;
        }
        resolve();
      },
    });
    const timer = setTimeout(() => {
      failure.overdue();
      error = failure.error;
      zygote.kill();
    }, config.startTimeoutMs);
  });
  if (error !== undefined) throw error;
  if (found === undefined) throw new Error("the zygote ended without a word");
  return found;
}
