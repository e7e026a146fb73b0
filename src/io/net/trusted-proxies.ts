// Who is a trusted proxy (--forwarded-allow-ips), and what counts of what it says. Knows addresses only, no connection.

import { BlockList, isIP } from "node:net";
import { isNobody, type PeerList } from "../../config/peer-list.ts";
import type { ForwardedHeader, ForwardingPolicy } from "../../core/forwarded/request-facts.ts";

export class TrustedProxies implements ForwardingPolicy {
  readonly headers: ReadonlySet<ForwardedHeader>;
  readonly #peers: PeerList;
  readonly #networks = new BlockList();

  constructor(peers: PeerList, headers: readonly ForwardedHeader[]) {
    this.#peers = peers;
    this.headers = new Set(headers);
    for (const { address, prefix } of peers.networks) {
      this.#networks.addSubnet(address, prefix, familyOf(address));
    }
  }

  /** Undefined where nobody is trusted: then nothing need be looked at. */
  static from(peers: PeerList, headers: readonly ForwardedHeader[]): TrustedProxies | undefined {
    return isNobody(peers) ? undefined : new TrustedProxies(peers, headers);
  }

  /** Who connects from here is one. Empty for a Unix socket. */
  isPeer(address: string): boolean {
    return this.#peers.everybody || this.isProxy(address);
  }

  /**
   * `*` says nothing of hops behind the one that connects: else whoever writes an address into X-Forwarded-For would be believed. They are
   * proxies when they are named.
   */
  isProxy(address: string): boolean {
    if (address === "") return this.#peers.unix;
    const zone = address.indexOf("%");
    const bare = zone < 0 ? address : address.slice(0, zone);
    return this.#networks.check(bare, familyOf(bare));
  }

  isAddress(text: string): boolean {
    return isIP(text) !== 0;
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
