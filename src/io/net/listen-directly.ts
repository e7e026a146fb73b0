// Listening sockets whose connections are accepted as DirectSockets.

import type { ByteSocket } from "../sockets/byte-socket.ts";
import { DirectListener } from "../sockets/direct-listener.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import { takeOverListening } from "../sockets/take-over.ts";
import { bindServer } from "./bind-server.ts";
import { type Listener, type ListenOptions, makeListener } from "./listener.ts";
import { placeOf } from "./listener-place.ts";
import { SocketPath } from "./socket-path.ts";

/** Binds and listens. Throws StartupError when that is not possible. */
export async function listenDirectly(
  options: ListenOptions<ByteSocket>,
  poller: SocketPoller,
): Promise<Listener> {
  const { address } = options;
  const server = await bindServer(options);
  const place = placeOf(server, address);
  const path = address.kind === "unix" ? address.path : undefined;
  const descriptor = takeOverListening(server, path, poller);
  const ownPath = path === undefined ? undefined : new SocketPath(path);
  const accepting = new DirectListener(descriptor, poller, {
    onConnection: (socket) => {
      options.onConnection(socket, listener);
    },
    onError: (error) => {
      options.onError(error);
    },
  });
  const listener: Listener = makeListener(options, place, {
    descriptor,
    acceptAll: (until) => accepting.acceptAll(until),
    close: () => {
      if (!accepting.isClosed) ownPath?.remove();
      accepting.close();
    },
  });
  return listener;
}
