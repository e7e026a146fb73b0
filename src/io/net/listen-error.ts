// Why an address cannot be listened on -> the one line that says what to do. Looks at the file system, where errno alone does not tell.

import { lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type BindAddress, describeBindAddress } from "../../config/bind-address.ts";
import { StartupError } from "../../config/startup-error.ts";

/** What `getaddrinfo` says of a name that leads nowhere. */
const NOT_FOUND: ReadonlySet<string | undefined> = new Set(["ENOTFOUND", "EAI_AGAIN"]);
const NOT_PERMITTED: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM"]);

export function listenError(error: NodeJS.ErrnoException, bind: BindAddress): StartupError {
  const address = describeBindAddress(bind);
  const cause = { cause: error };
  if (bind.kind === "unix") {
    const found = unixError(error, bind.path, address);
    if (found !== undefined) return found;
  }
  if (error.code === "EADDRINUSE") return new StartupError("address-in-use", { address }, cause);
  const reason = error.code ?? error.message;
  if (bind.kind === "fd") {
    return new StartupError(
      "bad-descriptor",
      { address, reason: `that descriptor cannot be listened on (${reason})` },
      cause,
    );
  }
  if (NOT_FOUND.has(error.code)) {
    return new StartupError("address-not-found", { address, reason }, cause);
  }
  if (error.code === "EADDRNOTAVAIL") {
    return new StartupError("address-not-local", { address }, cause);
  }
  if (NOT_PERMITTED.has(error.code)) {
    return new StartupError("address-not-permitted", { address }, cause);
  }
  return new StartupError("address-not-available", { address, reason }, cause);
}

/** libuv says EACCES for a directory that is not there, and bind(2) says EADDRINUSE for whatever file is in the way. */
function unixError(
  error: NodeJS.ErrnoException,
  path: string,
  address: string,
): StartupError | undefined {
  const cause = { cause: error };
  const directory = dirname(path);
  if (!isDirectory(directory)) {
    return new StartupError("no-socket-directory", { address, directory }, cause);
  }
  if (NOT_PERMITTED.has(error.code)) {
    return new StartupError("socket-directory-not-permitted", { address, directory }, cause);
  }
  const isNoSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false;
  return isNoSocket ? new StartupError("path-is-no-socket", { address }, cause) : undefined;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
