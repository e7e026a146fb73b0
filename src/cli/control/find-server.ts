// Which server a command means: the one of --admin (flag, environment, file), else the one whose control socket is found in the temporary
// directory. Knows files and addresses, not what is asked.

import { existsSync, lstatSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { describeBindAddress } from "../../config/bind-address.ts";
import { loadConfigAlone } from "../../config/load.ts";
import { StartupError } from "../../config/startup-error.ts";
import { identityOf } from "../../io/identity.ts";
import { CONTROL_SOCKET, readToken } from "../../io/admin/admin.ts";
import type { CommandCall } from "../commands.ts";
import { enter } from "../enter.ts";
import type { StatusDocument } from "../../io/admin/documents.ts";
import { askServer, isAnswering } from "./admin-client.ts";
import { printable } from "./table.ts";

/** Where to ask. */
export interface Target {
  readonly connect:
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number };
  readonly token: string | undefined;
  /** For people. */
  readonly name: string;
}

/** Throws StartupError when there is none, or more than one. */
export async function findServer(call: CommandCall): Promise<Target> {
  const { config, workingDirectory } = loadConfigAlone({ ...call, application: undefined });
  const { admin, adminToken } = config;
  const paths = [admin, adminToken].flatMap((named) => ("path" in named ? [named.path] : []));
  // Those of the server's count from there, which somebody else may not enter.
  if (!paths.every((path) => isAbsolute(path))) enter(workingDirectory);
  if (admin.kind === "unix") {
    return { connect: { socketPath: admin.path }, token: readToken(adminToken), name: admin.path };
  }
  if (admin.kind === "tcp") {
    const host = admin.host === "0.0.0.0" ? "127.0.0.1" : admin.host === "::" ? "::1" : admin.host;
    const name = `http://${describeBindAddress(admin)}`;
    return { connect: { host, port: admin.port }, token: readToken(adminToken), name };
  }
  // Nobody but root may look into another user's directory, and root only where it is told to: what is in it may be anything.
  const other = process.getuid?.() === 0 ? identityOf(config.user, "") : undefined;
  const user = other === undefined ? "this user" : `user ${other.user}`;
  return theOnly(await answeringSockets(other?.uid), user);
}

async function theOnly(paths: readonly string[], user: string): Promise<Target> {
  const [socketPath, second] = paths;
  if (socketPath === undefined) {
    throw new StartupError("no-server", { user, directory: tmpdir() });
  }
  if (second !== undefined) {
    const choices = await Promise.all(paths.map(choiceOf));
    throw new StartupError("several-servers", { choices: choices.join(" or ") });
  }
  return targetAt(socketPath);
}

function targetAt(socketPath: string): Target {
  return { connect: { socketPath }, token: undefined, name: socketPath };
}

/** With what it serves: the path alone tells nobody which server that is. */
async function choiceOf(path: string): Promise<string> {
  const option = `--admin unix:${path}`;
  try {
    const { application, pid } = await askServer<StatusDocument>(targetAt(path), "/status");
    return `${option} (${printable(application)}, process ${pid})`;
  } catch {
    return option; // It has ended meanwhile.
  }
}

async function answeringSockets(user: number | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const path of controlSockets(tmpdir(), user)) {
    if (await isAnswering({ socketPath: path })) found.push(path);
  }
  return found;
}

/** In directories of this user alone, or of that of --user: anybody may make one of that name in /tmp. */
function controlSockets(directory: string, user = process.getuid?.()): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith("rickhouse-"))
    .map((name) => join(directory, name))
    .filter((path) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found?.isDirectory() === true && found.uid === user;
    })
    .map((path) => join(path, CONTROL_SOCKET))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}
