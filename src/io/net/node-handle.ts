// What stands behind sockets and listeners of Node's, which they tell by no public name.

import type { Server, Socket } from "node:net";

/** Undefined where there is none any more, or this Node keeps it elsewhere. */
export function handleOf(owner: Server | Socket): object | undefined {
  const handle: unknown = Reflect.get(owner, "_handle");
  return typeof handle === "object" && handle !== null ? handle : undefined;
}

/** Node's own number for a socket; undefined where this Node has none. */
export function descriptorOf(owner: Server | Socket): number | undefined {
  const handle = handleOf(owner);
  const descriptor: unknown = handle === undefined ? undefined : Reflect.get(handle, "fd");
  return typeof descriptor === "number" && descriptor >= 0 ? descriptor : undefined;
}
