// What a test of --user needs of the machine: root, a user who is nobody, and an interpreter and a checkout that this one may read.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./server.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export function accountOf(name: string): Account | undefined {
  const entry = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([found]) => found === name);
  if (entry === undefined) return undefined;
  const [, , uid = "", gid = "", , home = ""] = entry;
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** The status of `command` when `account` runs it. */
export function statusAs(account: Account, command: readonly string[]): number | null {
  const { uid, gid } = account;
  const [program = "", ...words] = command;
  return spawnSync(program, words, { uid, gid, stdio: "ignore" }).status;
}

/** An interpreter that `account` may run. */
export function pythonFor(account: Account): string | undefined {
  const candidates = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/python/bin/python3"];
  return candidates.find((path) => {
    const program = "import sys; sys.exit(sys.version_info < (3, 9))";
    return existsSync(path) && statusAs(account, [path, "-c", program]) === 0;
  });
}

/** Why --user cannot be tested here; undefined if it can. */
export function whyNoPrivileges(account: Account | undefined): string | undefined {
  if (process.getuid?.() !== 0) return "only root can become another user";
  if (account === undefined) return "there is no user nobody";
  if (pythonFor(account) === undefined) return "nobody may run no Python";
  const isReadable = statusAs(account, ["/bin/cat", join(ROOT, "test/apps/plain.py")]) === 0;
  return isReadable ? undefined : "nobody may not read this checkout";
}

/** The lines of proc(5) about whom a process runs as. */
export function credentialsOf(pid: number): Record<string, string> {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const valueOf = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(status)?.[1]?.replaceAll("\t", " ") ?? "";
  const names = ["Uid", "Gid", "Groups", "CapPrm", "CapEff"];
  return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
}
