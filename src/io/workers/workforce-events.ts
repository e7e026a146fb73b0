// What the workforce is given, and what it tells the pool.

import type { ApplicationSpec } from "../../config/application.ts";
import type { Config } from "../../config/options.ts";
import type { StartupError } from "../../config/startup-error.ts";
import type { WithdrawReport } from "../../core/dispatch/effects.ts";
import type { Figures } from "../../core/metrics/figures.ts";
import type { History } from "../../core/metrics/history.ts";
import type { Ledger } from "../../core/workers/ledger.ts";
import type { Log } from "../log.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import type { SocketPoller } from "../sockets/socket-poller.ts";
import type { ModulesReport } from "./control-messages.ts";
import type { WorkerChannel } from "./worker-channel.ts";
import type { WorkerRecord } from "./worker-record.ts";
import type { Zygote } from "./zygote.ts";

export interface WorkforceOptions {
  readonly config: Config;
  readonly application: ApplicationSpec;
  readonly version: string;
  readonly log: Log;
  readonly privateDirectory: string;
  /** Started ahead, for the first generation. */
  readonly zygote?: Zygote | undefined;
  readonly figures: Figures;
  readonly history: History;
  /** Undefined: sockets are Node's own. */
  readonly poller: SocketPoller | undefined;
}

export interface WorkforceEvents {
  /** Somebody connected to the private socket. */
  onConnection(socket: ByteSocket): void;
  /** This thread may be given requests. */
  onAdmitted(record: WorkerRecord, thread: number, channel: WorkerChannel): void;
  /** This thread is given nothing new; it is told to leave when it has run what it was sent. */
  onRetired(channel: WorkerChannel): void;
  /** The thread is gone, its channel and its outbox read to the end. `ledger` is undefined if nobody can tell. */
  onThreadGone(record: WorkerRecord, channel: WorkerChannel, ledger: Ledger | undefined): void;
  onWithdrawn(channel: WorkerChannel, report: WithdrawReport): void;
  /** Nobody can withdraw what these threads were sent any more. */
  onZygoteLost(channels: readonly WorkerChannel[]): void;
  onLoaded(python: string): void;
  /** What was imported (--reload). */
  onModules(report: ModulesReport): void;
  /** `nextTickAt` may have changed: a start that back-off delays, say, is due while nothing else happens. */
  onTimed(isReloading: boolean): void;
  /** The application never came up. */
  onFatal(error: StartupError): void;
  onFinished(): void;
}
