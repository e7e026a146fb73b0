// What zygotes and workers bring to the front for its log (docs/protocol.md section 5), and where.

import { join } from "node:path";
import type { Config } from "../config/options.ts";

/**
 * All that is printed, where it becomes JSON lines; our own reports alone, where a file holds plain lines; nothing where both go to standard
 * error anyway.
 */
export function broughtOutput({
  log,
  logFormat,
}: Pick<Config, "log" | "logFormat">): "all" | "reports" | "nothing" {
  if (logFormat === "json") return "all";
  return log.kind === "file" ? "reports" : "nothing";
}

export function outputPathIn(privateDirectory: string): string {
  return join(privateDirectory, "output.sock");
}
