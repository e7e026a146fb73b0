// The start of a connection that a proxy forwards: its PROXY header says whose requests follow. The header's form is core/proxy-protocol's
// business; of requests nothing is known here.

import type { ForwardingPolicy } from "../../core/forwarded/request-facts.ts";
import { REFUSALS } from "../../core/http/refusal.ts";
import { type ProxyHeader, ProxyHeaderReader } from "../../core/proxy-protocol/header.ts";
import type { ConnectionObserver } from "./connection-context.ts";
import type { ConnectionOrigin } from "./connection-origin.ts";
import { turnedAway } from "./refused-request.ts";

type OnBytes = (bytes: Buffer) => void;

export class ProxyPreface {
  readonly #origin: ConnectionOrigin;
  readonly #policy: ForwardingPolicy;
  readonly #observer: ConnectionObserver;

  /** `origin` is changed when the header names a client. */
  constructor(origin: ConnectionOrigin, policy: ForwardingPolicy, observer: ConnectionObserver) {
    this.#origin = origin;
    this.#policy = policy;
    this.#observer = observer;
  }

  /** Takes what the connection reads; `onBytes` gets what stands behind the header. `close`: there is none, or a wrong one. */
  before(onBytes: OnBytes, close: () => void): OnBytes {
    const reader = new ProxyHeaderReader();
    let isOver = false;
    return (chunk) => {
      if (isOver) {
        onBytes(chunk);
        return;
      }
      const read = reader.push(chunk);
      if (read === undefined) return;
      isOver = true;
      if (read.kind === "header") {
        this.#take(read.header);
        if (read.rest.length > 0) onBytes(chunk.subarray(chunk.length - read.rest.length));
        return;
      }
      const { missingProxyHeader, malformedProxyHeader } = REFUSALS;
      const refusal = read.kind === "missing" ? missingProxyHeader : malformedProxyHeader;
      // Whoever that is does not expect HTTP in answer.
      this.#observer.refused(turnedAway(refusal, this.#origin.own.remoteAddress));
      close();
    };
  }

  #take({ source }: ProxyHeader): void {
    if (source === undefined) return;
    const client = { remoteAddress: source.address, remotePort: source.port };
    // The proxy that connects forwards bytes: what fields say is the word of whom it names, who must be a proxy itself to be believed.
    const isProxy = this.#policy.isProxy(source.address);
    this.#origin.forwards(client, isProxy ? this.#policy : undefined);
  }
}
