// Where requests come from: what the environs of all requests of one connection have in common, and what a trusted proxy tells of one
// of them. The reading itself is core/forwarded's business.

import { type ForwardingPolicy, requestFacts } from "../../core/forwarded/request-facts.ts";
import type { Refusal } from "../../core/http/refusal.ts";
import type { RequestHead } from "../../core/http/request-head.ts";
import { withoutMapping } from "../../core/mapped-address.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import {
  type ConnectionEnviron,
  type ConnectionFacts,
  encodeConnectionEnviron,
} from "../../core/wire/connection-environ.ts";

/** What requests that come in at one listener say of the server (RFC 3875 sections 4.1.14 and 4.1.15). */
export interface ServerAddress {
  readonly serverName: string;
  readonly serverPort: string;
}

/** The client's end as the connection, or who speaks for it, knows it. A Unix socket has neither address nor port. */
export interface RemoteAddress {
  readonly remoteAddress: string;
  readonly remotePort: string;
}

/** Facts, and the start of an environ that is made of them. */
export class RequestOrigin {
  readonly remoteAddress: string;
  readonly environ: ConnectionEnviron;
  /** HTTP_HOST is in `environ`. */
  readonly hasHost: boolean;

  constructor(facts: ConnectionFacts) {
    this.remoteAddress = facts.remoteAddress;
    this.environ = encodeConnectionEnviron(facts);
    this.hasHost = (facts.host ?? "") !== "";
  }
}

/** One connection's. */
export class ConnectionOrigin {
  #own: RequestOrigin;
  #facts: ConnectionFacts;
  #policy: ForwardingPolicy | undefined;

  /** `policy`: the other end is a trusted proxy, and this is how it tells of its clients. */
  constructor(facts: ConnectionFacts, policy: ForwardingPolicy | undefined) {
    this.#own = new RequestOrigin(facts);
    this.#facts = facts;
    this.#policy = policy;
  }

  /** Of a request of which no field tells more. */
  get own(): RequestOrigin {
    return this.#own;
  }

  /** The other end is a proxy whose word on its clients counts. */
  get isTrusted(): boolean {
    return this.#policy !== undefined;
  }

  /** The other end forwards the connection of this client, before its first request. */
  forwards(client: RemoteAddress, policy: ForwardingPolicy | undefined): void {
    this.#facts = { ...this.#facts, ...client };
    this.#own = new RequestOrigin(this.#facts);
    this.#policy = policy;
  }

  of(head: RequestHead): RequestOrigin | Refusal {
    if (this.#policy === undefined) return this.#own;
    const facts = requestFacts(head, this.#facts, this.#policy);
    if (facts === this.#facts) return this.#own;
    return "code" in facts ? facts : new RequestOrigin(facts);
  }
}

export function connectionFacts(remote: RemoteAddress, server: ServerAddress): ConnectionFacts {
  const { serverName, serverPort } = server;
  return { ...remote, serverName, serverPort, scheme: "http" };
}

export function remoteAddressOf(
  socket: Pick<ByteSocket, "remoteAddress" | "remotePort">,
): RemoteAddress {
  return {
    remoteAddress: withoutZone(withoutMapping(socket.remoteAddress ?? "")),
    remotePort: socket.remotePort === undefined ? "" : String(socket.remotePort),
  };
}

/** `fe80::1%eth0` (RFC 4007 section 11): the zone is this machine's own name for a network, and no part of an address (RFC 3875 section 4.1.8). */
function withoutZone(address: string): string {
  const zone = address.indexOf("%");
  return zone < 0 ? address : address.slice(0, zone);
}
