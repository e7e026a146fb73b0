// The network side of the server: listeners, all connections, their deadlines and budgets. Hands whole requests to a RequestSink.
// Knows nothing of workers.

import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks"; // The global one is behind a getter: it costs as much as the clock.
import type { BindAddress } from "../../config/bind-address.ts";
import type { Config } from "../../config/options.ts";
import type { RequestSink, SharedSlot } from "../../core/http/exchange.ts";
import { FieldNameTable } from "../../core/http/field-names.ts";
import { REFUSALS } from "../../core/http/refusal.ts";
import type { Figures } from "../../core/metrics/figures.ts";
import { learnCommonNames } from "../../core/http1/common-names.ts";
import { ownFieldsAt } from "../../core/http1/response-head.ts";
import { EnvironEncoder } from "../../core/wire/environ.ts";
import { ID_PREFIX_BYTES, RequestTrace } from "../../core/wire/request-trace.ts";
import type { DescriptorPlan, Descriptors } from "../descriptor-limit.ts";
import type { FreedMemory } from "../freed-memory.ts";
import type { ByteSocket, SocketKind } from "../sockets/byte-socket.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import { Budget } from "./budget.ts";
import { connectionLimits, type SharedParts } from "./connection-limits.ts";
import type {
  ConnectionContext,
  ConnectionDeadlines,
  ConnectionObserver,
} from "./connection-context.ts";
import { ConnectionsRecord, type ConnectionsStatus } from "./connections-status.ts";
import { connectionFacts, ConnectionOrigin, remoteAddressOf } from "./connection-origin.ts";
import { clearDeadline, DeadlineList } from "./deadlines.ts";
import { findSpare } from "./find-spare.ts";
import { Http1Connection } from "./http1-connection.ts";
import { listenDirectly } from "./listen-directly.ts";
import { listen, type Listener, type ListenOptions } from "./listener.ts";
import { ProxyPreface } from "./proxy-preface.ts";
import { turnedAway } from "./refused-request.ts";
import { OutputBuffer } from "./response-writer.ts";
import { SpoolSpace } from "./spool-space.ts";
import { ReadBuffer } from "./read-buffer.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

/** How often deadlines are looked at: they fire this late at most. */
const SWEEP_MS = 250;
/** After a last answer what the client still sends is read and dropped for this long. */
const LINGER_MS = 2000;
/** The same once nothing else keeps the server from its end, and the client has been silent meanwhile. */
const LAST_LINGER_MS = 250;
/** A closed socket says so within a turn of the event loop; this is for one that does not. */
const CLOSED_MS = 1000;
/** With fewer, descriptors are too dear to have several for a listening socket. */
const LEAST_CONNECTIONS_FOR_TWINS = 1000;
/** From this share of the connections on, idle ones are closed to make room. */
const CROWDED = 0.95;

export interface FrontOptions {
  readonly config: Config;
  /** Whose plan changes with the configuration. */
  readonly descriptors: Pick<Descriptors, "plan">;
  readonly requests: RequestSink;
  readonly observer: ConnectionObserver;
  readonly figures: Figures;
  /** Undefined: sockets are Node's own. */
  readonly poller: SocketPoller | undefined;
  newSpoolPath(): string;
  /** See BodyOptions. */
  takeBodySlot(): SharedSlot | undefined;
  readonly freedMemory: Pick<FreedMemory, "look">;
}

export class Front {
  readonly #options: FrontOptions;
  readonly #connections = new Set<Http1Connection>();
  readonly #record: ConnectionsRecord;
  readonly #listeners: Listener[] = [];
  readonly #deadlines: ConnectionDeadlines;
  readonly #context: ConnectionContext;
  readonly #shared: SharedParts;
  readonly #clock = { own: ownFieldsAt(Date.now()) };
  readonly #proxies: TrustedProxies | undefined;
  readonly #state = { isDraining: false };
  /** Undefined while there is no connection: an idle server sleeps. */
  #sweeper: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    const { config } = options;
    this.#record = new ConnectionsRecord(this.#connections, () => this.#plan.maxConnections);
    this.#deadlines = {
      head: new DeadlineList(config.headTimeoutMs),
      body: new DeadlineList(config.bodyTimeoutMs),
      keepAlive: new DeadlineList(config.keepAliveTimeoutMs),
      drainIdle: new DeadlineList(drainIdleOf(config)),
      linger: new DeadlineList(LINGER_MS),
    };
    this.#proxies = TrustedProxies.from(config.forwardedAllowIps, config.forwardedHeaders);
    this.#shared = {
      output: new OutputBuffer(),
      clock: this.#clock,
      memory: new Budget(config.bufferMemoryBytes),
      disk: new SpoolSpace(config.tempDiskBytes, this.#plan.maxSpoolFiles),
      newPath: () => options.newSpoolPath(),
      takeSlot: () => options.takeBodySlot(),
    };
    this.#context = this.#makeContext();
  }

  /** The values of the configuration have changed. */
  reconfigure(): void {
    const { config } = this.#options;
    this.#deadlines.head.setDuration(config.headTimeoutMs);
    this.#deadlines.body.setDuration(config.bodyTimeoutMs);
    this.#deadlines.keepAlive.setDuration(config.keepAliveTimeoutMs);
    this.#deadlines.drainIdle.setDuration(drainIdleOf(config));
    this.#shared.memory.setLimit(config.bufferMemoryBytes);
    this.#shared.disk.setLimit(config.tempDiskBytes);
    this.#shared.disk.setMostFiles(this.#plan.maxSpoolFiles);
    Object.assign(this.#context, connectionLimits(config, this.#shared));
  }

  get #plan(): DescriptorPlan {
    return this.#options.descriptors.plan;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get sockets(): SocketKind {
    return this.#options.poller === undefined ? "node" : "direct";
  }

  /** At this moment; costs nothing until asked for. */
  status(): ConnectionsStatus {
    return this.#record.status();
  }

  /** Binds every address of the configuration. Throws StartupError; what was bound before is closed again. */
  async listen(): Promise<readonly Listener[]> {
    const { bind, backlog, socketMode, reusePort, python } = this.#options.config;
    const { poller } = this.#options;
    const hasDescriptors = this.#plan.maxConnections >= LEAST_CONNECTIONS_FOR_TWINS;
    try {
      for (const address of bind) {
        const options: ListenOptions<ByteSocket> = {
          address,
          backlog,
          socketMode,
          reusePort,
          ipv6Only: hasIpv4Twin(address, bind),
          twinsBy: hasDescriptors ? python : undefined,
          onConnection: (socket, at) => {
            this.#accept(socket, at);
          },
          onError: (error) => {
            this.#options.observer.failed("cannot accept a connection", error);
          },
        };
        const direct = poller && listenDirectly(options, poller);
        this.#listeners.push(await (direct ?? listen(options)));
      }
    } catch (error) {
      this.close();
      throw error;
    }
    return this.#listeners;
  }

  /** No new connections, but for those that the kernel holds already. */
  async stopListening(): Promise<void> {
    const { python } = this.#options.config;
    await Promise.all(this.#listeners.map((listener) => listener.finish(python)));
  }

  /**
   * What runs may finish, with `Connection: close`; idle connections go after --drain-idle, also those whose answer ends later and did not
   * say so. Resolves when no connection is left.
   */
  async drain(): Promise<void> {
    // Not before the listeners are closed: who is told to leave comes again, as one of those that a close would cut.
    this.#state.isDraining = true;
    if (this.#connections.size === 0) return;
    const timer = setTimeout(() => {
      this.#afterReading(() => {
        for (const connection of this.#connections) {
          // The others have their time from the end of their answer.
          if (connection.deadlineList !== this.#deadlines.drainIdle) connection.closeIdle();
        }
      });
    }, this.#options.config.drainIdleMs);
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    clearTimeout(timer);
  }

  /** Ends everything at once. */
  close(): void {
    clearInterval(this.#sweeper);
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.destroy();
  }

  /** After close(): resolves when every connection has said its last word, to the log too. */
  async closed(): Promise<void> {
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      setTimeout(resolve, CLOSED_MS);
    });
  }

  #accept(socket: ByteSocket, listener: Listener): void {
    const { figures } = this.#options;
    const { maxConnections } = this.#plan;
    figures.connectionsAccepted++;
    if (this.#connections.size >= maxConnections * CROWDED) this.#makeRoom();
    if (this.#connections.size >= maxConnections) {
      figures.connectionsDropped++;
      socket.destroy();
      return;
    }
    const remote = remoteAddressOf(socket);
    // Node asks the kernel only now who that is, which knows no more of one that was reset meanwhile: it must not pass for a Unix socket's.
    if (remote.remoteAddress === "" && !listener.isUnix) {
      socket.destroy();
      return;
    }
    this.#sweeper ??= this.#startSweeping();
    const trusted =
      this.#proxies?.isPeer(remote.remoteAddress) === true ? this.#proxies : undefined;
    const facts = connectionFacts(remote, listener);
    if (!this.#options.config.proxyProtocol) {
      const origin = new ConnectionOrigin(facts, trusted);
      this.#connections.add(new Http1Connection(socket, this.#context, origin));
    } else if (trusted !== undefined) {
      // Where the header names nobody, no field does either: the bytes behind it may be a client's all the same.
      const origin = new ConnectionOrigin(facts, undefined);
      const preface = new ProxyPreface(origin, trusted, this.#options.observer);
      this.#connections.add(new Http1Connection(socket, this.#context, origin, preface));
    } else {
      this.#options.observer.refused(turnedAway(REFUSALS.proxyNotTrusted, remote.remoteAddress));
      socket.destroy();
    }
  }

  /** Its descriptor must be free before the next connection comes: a FIN that its client answers in its own time is too slow. */
  #makeRoom(): void {
    const { keepAlive, linger } = this.#deadlines;
    const spare = findSpare(keepAlive, true) ?? findSpare(linger, false);
    if (spare === undefined) return;
    spare.destroy();
    // It says that it is closed later: the next of several that are accepted in one go must not find it again.
    clearDeadline(spare);
    this.#connections.delete(spare);
  }

  /** A front that stood still finds its timers over and what clients sent meanwhile unread: that is read first. */
  #afterReading(run: () => void): void {
    (this.#options.poller?.atEndOfTurn ?? setImmediate)(run);
  }

  #startSweeping(): NodeJS.Timeout {
    this.#clock.own = ownFieldsAt(Date.now());
    return setInterval(() => {
      const now = performance.now();
      this.#afterReading(() => {
        this.#sweep(now);
      });
    }, SWEEP_MS);
  }

  /** `now`: before what was unread was read: what came in time is not late because reading took time. */
  #sweep(now: number): void {
    const isIdle = this.#connections.size === 0;
    this.#options.freedMemory.look(now, isIdle);
    if (isIdle) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
      return;
    }
    this.#clock.own = ownFieldsAt(Date.now());
    const { head, body, keepAlive, drainIdle, linger } = this.#deadlines;
    for (const list of [head, body, keepAlive, drainIdle, linger]) list.sweep(now);
    if (this.#state.isDraining) this.#endLingering(now);
    if (this.#options.config.bodyMinRateBytesPerSecond > 0) {
      body.forEach((waiter) => {
        if (waiter instanceof Http1Connection) waiter.checkBodyRate(now);
      });
    }
  }

  /** Clients that have everything and do not close their side must not hold up the end. */
  #endLingering(now: number): void {
    const { linger } = this.#deadlines;
    if (linger.size < this.#connections.size) return;
    linger.forEach((waiter) => {
      const silentMs = LINGER_MS - (waiter.deadlineAt - now);
      if (waiter instanceof Http1Connection && silentMs >= LAST_LINGER_MS) waiter.destroy();
    });
  }

  #onClosed(connection: Http1Connection): void {
    this.#connections.delete(connection);
    this.#record.closed(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #makeContext(): ConnectionContext {
    const { config, requests, observer } = this.#options;
    const state = this.#state;
    const { drainIdle, keepAlive } = this.#deadlines;
    const hasIds = config.requestId;
    const trace = new RequestTrace({ random: randomBytes(ID_PREFIX_BYTES), hasIds, now: Date.now });
    const names = new FieldNameTable(trace.ownNames);
    learnCommonNames(names);
    return {
      requests,
      observer,
      ...connectionLimits(config, this.#shared),
      names,
      readBuffer: new ReadBuffer(),
      encoder: new EnvironEncoder(undefined, trace),
      deadlines: this.#deadlines,
      get isDraining() {
        return state.isDraining;
      },
      get idle() {
        return state.isDraining ? drainIdle : keepAlive;
      },
      now: () => performance.now(),
      newRequestId: () => trace.nextId(),
      onClosed: (connection) => {
        this.#onClosed(connection);
      },
    };
  }
}

/** Never 0, which would mean that it never ends. */
function drainIdleOf({ drainIdleMs, keepAliveTimeoutMs }: Config): number {
  return Math.max(1, Math.min(drainIdleMs, keepAliveTimeoutMs));
}

/** `[::]` takes IPv4 too, and so would hold the address of a bind to 0.0.0.0 with the same port. */
function hasIpv4Twin(address: BindAddress, all: readonly BindAddress[]): boolean {
  if (address.kind !== "tcp" || address.host !== "::" || address.port === 0) return false;
  return all.some(
    (other) => other.kind === "tcp" && other.host === "0.0.0.0" && other.port === address.port,
  );
}
