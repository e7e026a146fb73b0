// The machine and the interpreters that figures were made on, for a page.

import { spawnSync } from "node:child_process";
import { cpus, release } from "node:os";

export function machineFacts(python: string): Record<string, string> {
  const { stdout } = spawnSync(python, ["--version"], { encoding: "utf8" });
  return {
    Processor: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    Kernel: `Linux ${release()}`,
    "Node.js": process.version,
    Python: stdout.replace("Python ", "").trim(),
  };
}
