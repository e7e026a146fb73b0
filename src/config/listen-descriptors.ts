// The sockets that a service manager opened and passed to this process, as sd_listen_fds(3) tells it: descriptors from 3 on, counted
// in the environment. Pure: opens and looks at nothing; whether they are sockets is found out by listening.

import type { BindAddress } from "./bind-address.ts";
import { StartupError } from "./startup-error.ts";

/** What tells of the sockets. Meant for this process alone: the application must not take them for its own. */
export const PASSING_VARIABLES = [
  "LISTEN_PID",
  "LISTEN_PIDFDID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
] as const;

const FIRST_DESCRIPTOR = 3;
/** More than anybody passes; bounds what a slip can make us try. */
const MAX_DESCRIPTORS = 1024;

/**
 * None when the variables are meant for another process than `pid`: they are inherited by whatever the process that was meant
 * has started. Throws StartupError when they are meant for this one and make no sense.
 */
export function passedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): readonly BindAddress[] {
  const count = environment["LISTEN_FDS"];
  if (count === undefined || environment["LISTEN_PID"] !== String(pid)) return [];
  if (!/^\d{1,4}$/.test(count) || Number(count) > MAX_DESCRIPTORS) {
    throw new StartupError("bad-listen-descriptors", { variable: "LISTEN_FDS", value: count });
  }
  const names = environment["LISTEN_FDNAMES"]?.split(":") ?? [];
  return Array.from({ length: Number(count) }, (_, index): BindAddress => {
    const fd = FIRST_DESCRIPTOR + index;
    const name = names[index] ?? "";
    return name === "" ? { kind: "fd", fd } : { kind: "fd", fd, name };
  });
}
