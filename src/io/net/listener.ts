// Listening sockets, from bind to close: each accepted socket is handed on, and no list of them is kept. Here as Node accepts.

import type { Server, Socket } from "node:net";
import { acceptAllOf, acceptRest, type Listening } from "./accept-rest.ts";
import { type BindOptions, bindServer, makeServer } from "./bind-server.ts";
import { type ListenerPlace, placeOf } from "./listener-place.ts";
import { descriptorOf } from "./node-handle.ts";
import { TwinListeners } from "./twin-listeners.ts";

export interface Listener extends ListenerPlace {
  /** Stops accepting when the kernel holds no connection any more: nobody else would take those. `python` runs a small script for it. */
  finish(python: string): Promise<void>;
  /** Stops accepting at once; what was accepted lives on. A socket that was passed stays open with whoever passed it. */
  close(): void;
}

export interface ListenOptions<S> extends BindOptions {
  /** The interpreter that makes twins of a TCP socket when many connections come; undefined: none are made. */
  readonly twinsBy?: string | undefined;
  /** The socket reads nothing yet. */
  onConnection(socket: S, listener: Listener): void;
  /** Accepting failed; the listener goes on. */
  onError(error: Error): void;
}

/** Binds and listens. Throws StartupError when that is not possible. */
export async function listen(options: ListenOptions<Socket>): Promise<Listener> {
  const server = await bindServer(options);
  const listener: Listener = makeListener(
    options,
    placeOf(server, options.address),
    accept(server, options, (socket) => {
      options.onConnection(socket, listener);
    }),
  );
  return listener;
}

export function makeListener(
  { address }: BindOptions,
  place: ListenerPlace,
  listening: Listening,
): Listener {
  return {
    ...place,
    close: () => {
      listening.close();
    },
    finish: async (python) => {
      // A passed socket has another owner: what waits in it waits for the next server.
      if (address.kind === "fd") listening.close();
      else await acceptRest(listening, python);
    },
  };
}

function accept(
  server: Server,
  options: ListenOptions<Socket>,
  onConnection: (socket: Socket) => void,
): Listening {
  const { twinsBy } = options;
  const serve = (one: Server): Server =>
    one
      .on("error", (error) => {
        options.onError(error);
      })
      .on("connection", (socket) => {
        onConnection(socket);
        twins?.count();
      });
  const isTcp = typeof server.address() === "object";
  const twins =
    isTcp && twinsBy !== undefined
      ? new TwinListeners(server, twinsBy, () => serve(makeServer()))
      : undefined;
  serve(server);
  return {
    descriptor: descriptorOf(server),
    acceptAll: (until) => {
      twins?.close();
      return acceptAllOf(server, until);
    },
    close: () => {
      twins?.close();
      server.close();
    },
  };
}
