// Whom to trust, as text and as value: addresses, networks, Unix sockets, everybody. Pure: asks node:net only whether a text is an address.

import { isIP } from "node:net";
import { BadValue, type Kind } from "./kinds.ts";

export interface Network {
  readonly address: string;
  /** Leading bits that count. */
  readonly prefix: number;
}

export interface PeerList {
  /** `*`: whoever connects. */
  readonly everybody: boolean;
  /** Who connects to a Unix socket. */
  readonly unix: boolean;
  readonly networks: readonly Network[];
}

const NOBODY: PeerList = { everybody: false, unix: false, networks: [] };
const EXAMPLE = "write addresses, networks like 10.0.0.0/8, unix or *, with commas between";

/** `192.0.2.1,10.0.0.0/8,2001:db8::/32,unix`, `*`, or `none`. Repeatable. */
export const peerList: Kind<PeerList> = {
  placeholder: "PEERS",
  example: "10.0.0.0/8",
  schema: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
  parse(text) {
    if (text === "none") return NOBODY;
    return union(text.split(",").map((part) => parsePeer(part.trim())));
  },
  describe({ everybody, unix, networks }) {
    const words = [...(everybody ? ["*"] : []), ...(unix ? ["unix"] : [])];
    return [...words, ...networks.map(describeNetwork)].join(",") || "none";
  },
  combine: union,
};

export function isNobody({ everybody, unix, networks }: PeerList): boolean {
  return !everybody && !unix && networks.length === 0;
}

function union(lists: readonly PeerList[]): PeerList {
  return {
    everybody: lists.some((list) => list.everybody),
    unix: lists.some((list) => list.unix),
    networks: lists.flatMap((list) => list.networks),
  };
}

function parsePeer(text: string): PeerList {
  if (text === "*") return { ...NOBODY, everybody: true };
  if (text === "unix") return { ...NOBODY, unix: true };
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const bits = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || address.includes("%")) {
    const what = text === "" ? "an empty entry" : `${text} is no address`;
    throw new BadValue(what, EXAMPLE);
  }
  const prefix = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    throw new BadValue(
      `${text} is no network`,
      `write a prefix from 0 to ${bits} behind the slash`,
    );
  }
  return { ...NOBODY, networks: [{ address, prefix: Number(prefix) }] };
}

function describeNetwork({ address, prefix }: Network): string {
  return prefix === (isIP(address) === 6 ? 128 : 32) ? address : `${address}/${prefix}`;
}
