// Whom the server runs as once it needs root no more (--user, --group): looks the names up, makes files for that user, becomes it.
// Nothing that belongs to the user, the interpreter say, is ever run as root.

import { execFileSync } from "node:child_process";
import { lchownSync, lstatSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { AdminAddress } from "../config/admin-address.ts";
import { StartupError } from "../config/startup-error.ts";
import { errorCode } from "../core/error-code.ts";

/** As many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;
const ROOT = 0;

export interface Identity {
  /** As the user wrote it. */
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  /** `gid`, and those of which the user is a member (group(5)). */
  readonly groups: readonly number[];
  /** The one of its entry in passwd(5), which it has elsewhere whatever --group says. */
  readonly ownGroup: number;
  /** HOME, USER and LOGNAME; empty for a number without an entry. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Undefined without --user, or if this process is that user already. Throws StartupError. */
export function identityOf(user: string, group: string): Identity | undefined {
  if (user === "") return undefined;
  // name:password:uid:gid:comment:home:shell (passwd(5)), name:password:gid:members (group(5)).
  const found = entryOf("passwd", user);
  if (found === undefined && !/^\d+$/.test(user)) throw new StartupError("unknown-user", { user });
  const [name = "", , uid = user, ownGroup, , home = "/"] = found ?? [];
  const gid = group === "" ? ownGroup : groupId(group);
  if (gid === undefined) throw new StartupError("unknown-user", { user });
  const environment = found === undefined ? {} : { HOME: home, USER: name, LOGNAME: name };
  const others = found === undefined ? [] : groupsOf(name).filter((id) => id !== Number(ownGroup));
  const groups = [Number(gid), ...others];
  const numbers = { uid: Number(uid), gid: Number(gid), ownGroup: Number(ownGroup ?? gid) };
  const identity = { user, ...numbers, groups, environment };
  if (process.getuid?.() === 0) return identity;
  if (process.getuid?.() === identity.uid && process.getgid?.() === identity.gid) return undefined;
  throw new StartupError("not-root", { user, uid: String(process.getuid?.()) });
}

function groupId(group: string): string {
  const id = entryOf("group", group)?.[2] ?? (/^\d+$/.test(group) ? group : undefined);
  if (id === undefined) throw new StartupError("unknown-group", { group });
  return id;
}

/** The one of its entry in passwd(5) among them. */
function groupsOf(name: string): number[] {
  return outputOf("id", ["-G", name]).trim().split(" ").map(Number);
}

/** By name or number, wherever the system keeps them (files, LDAP). */
function entryOf(database: "passwd" | "group", key: string): string[] | undefined {
  const lines = linesOf(database, key);
  const isIt = (fields: string[]): boolean => fields[0] === key || fields[2] === key;
  return lines.map((line) => line.split(":")).find(isIt);
}

function linesOf(database: string, key: string): string[] {
  try {
    return outputOf("getent", [database, key]).split("\n");
  } catch (error) {
    const isMissing = errorCode(error) === "ENOENT";
    return isMissing ? readFileSync(`/etc/${database}`, "utf8").split("\n") : []; // Status 2: no such entry.
  }
}

function outputOf(program: string, words: readonly string[]): string {
  return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** What `make` creates belongs to `identity`, and may be created only where that one may; the process is root again afterwards. */
export function asIdentity<T>(identity: Identity | undefined, make: () => T): T {
  if (identity === undefined) return make();
  process.setegid?.(identity.gid);
  process.seteuid?.(identity.uid);
  try {
    return make();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/**
 * Whether this user, or the owner of a directory on the way, could make the path lead elsewhere, by a link or another directory: then root must
 * open nothing there. A directory with the sticky bit (/tmp) keeps what root has in it as it is.
 */
export function mayRedirect(identity: Identity, path: string): boolean {
  try {
    return isWayOpen(identity, path);
  } catch {
    return true; // A file where a directory should be, say: nobody opens anything there.
  }
}

function isWayOpen(identity: Identity, path: string): boolean {
  let at = "/";
  // Not resolve(): `..` behind a link leads elsewhere than the text says.
  const rest = partsOf(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  for (let links = 0; ;) {
    const name = rest.shift();
    if (name === undefined) return false;
    const next = join(at, name); // `at` holds no link: `..` is the directory above it.
    const entry = lstatSync(next, { throwIfNoEntry: false });
    if (mayReplace(identity, statSync(at), entry)) return true;
    if (entry === undefined) return false;
    if (!entry.isSymbolicLink()) at = next;
    else if (++links > MAX_LINKS) return true;
    else {
      const target = readlinkSync(next);
      rest.unshift(...partsOf(target));
      if (isAbsolute(target)) at = "/";
    }
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function mayReplace(
  { groups, ownGroup }: Identity,
  directory: Stats,
  entry: Stats | undefined,
): boolean {
  if (directory.uid !== ROOT) return true;
  const isOfGroup = groups.includes(directory.gid) || directory.gid === ownGroup;
  const isOpen = (directory.mode & (isOfGroup ? 0o022 : 0o002)) !== 0;
  if (!isOpen) return false;
  const isSticky = (directory.mode & 0o1000) !== 0;
  // A second name of a file may be one that this user has made here of a file of root's.
  const isRoots = entry?.uid === ROOT && (entry.isDirectory() || entry.nlink === 1);
  return !isSticky || !isRoots;
}

/** Unix sockets that root has bound: their mode speaks of the user that serves on them, and of its group. */
export function giveSockets(identity: Identity, addresses: readonly AdminAddress[]): void {
  for (const address of addresses) {
    if (address.kind === "unix") lchownSync(address.path, identity.uid, identity.gid);
  }
}

/** For good: groups first, since only root may change them. Throws if there were a way back. */
export function become(identity: Identity): void {
  const { user, uid, gid, groups } = identity;
  process.setgroups?.([...groups]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (uid !== 0 && canBecomeRoot()) throw new Error(`--user ${user}: the way back to root is open`);
}

function canBecomeRoot(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false; // EPERM, as it must be.
  }
}
