// Requests meet workers here: the dispatcher decides, the workforce provides, this file carries messages between them, the connections and
// the log. Owns the clock of both.

import { performance } from "node:perf_hooks"; // The global one is behind a getter: it costs as much as the clock.
import type { GiveUpReason, TimeoutKind } from "../../core/dispatch/death.ts";
import { Dispatcher, STANDSTILL_MS } from "../../core/dispatch/dispatcher.ts";
import type { Exchange, RequestSink } from "../../core/http/exchange.ts";
import type { Ledger } from "../../core/workers/ledger.ts";
import { REFUSALS } from "../../core/http/refusal.ts";
import type { Log } from "../log.ts";
import type { ByteSocket } from "../sockets/byte-socket.ts";
import { abandonIfItWaits } from "./half-closed.ts";
import { QueueOverflow } from "./queue-overflow.ts";
import { TimedOutWorkers } from "./timed-out-workers.ts";
import { nameVictim } from "./worker-death.ts";
import { ElasticWorkers } from "./elastic-workers.ts";
import { deathText, incidentFields, victimOf } from "./incident.ts";
import { refusalOf } from "./give-up.ts";
import { Recycler } from "./recycler.ts";
import type { PoolOptions } from "./pool-options.ts";
import { PoolSettings } from "./pool-settings.ts";
import { OverloadLog } from "./overload-log.ts";
import { poolStatus, type PoolStatus } from "./pool-status.ts";
import { TickTimer } from "./tick-timer.ts";
import { SchedulingWatch } from "./scheduling-watch.ts";
import { shareAmongChannels, type SharedByChannels } from "./shared-by-channels.ts";
import { WorkerChannel } from "./worker-channel.ts";
import { deathCauseOf, type WorkerRecord } from "./worker-record.ts";
import { Workforce } from "./workforce.ts";

export class Pool implements RequestSink {
  readonly #options: PoolOptions;
  readonly #log: Log;
  readonly #dispatcher: Dispatcher<Exchange>;
  readonly #workforce: Workforce;
  readonly #elastic: ElasticWorkers;
  readonly #shared: SharedByChannels;
  /** By the id of the dispatcher's channel. */
  readonly #channels = new Map<number, WorkerChannel>();
  readonly #held = new Map<Exchange, WorkerChannel>();
  readonly #timedOut: TimedOutWorkers;
  #python = "";
  #isReady = false;
  readonly #timer: TickTimer;
  readonly #overload: OverloadLog;
  readonly #overflow: QueueOverflow;
  readonly #scheduling = new SchedulingWatch();
  readonly #recycler: Recycler;
  readonly #settings: PoolSettings;
  /** Until start() is over. */
  #starting: PromiseWithResolvers<void> | undefined = Promise.withResolvers();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#settings = new PoolSettings(options.config);
    this.#shared = shareAmongChannels(options);
    this.#dispatcher = new Dispatcher<Exchange>(this.#settings.dispatch, {
      send: (channel, number, exchange) => {
        this.#channels.get(channel.id)?.send(number, exchange);
      },
      withdraw: (channel, upTo) => {
        this.#workforce.withdraw(channel, upTo);
      },
      giveUp: (exchange, why) => {
        this.#giveUp(exchange, why);
      },
      stuck: ({ worker }, exchange, silentMs, kind) => {
        this.#onStuck(worker, exchange, silentMs, kind);
      },
    });
    this.#overload = new OverloadLog(options.log, this.#dispatcher);
    this.#overflow = new QueueOverflow(this.#dispatcher, this.#overload, options.poller);
    this.#workforce = this.#makeWorkforce();
    const tick = (now: number, lateMs: number): void => {
      this.#tick(now, lateMs);
    };
    this.#timer = new TickTimer(() => this.#nextTickAt(), tick, options.poller?.atEndOfTurn);
    this.#timedOut = new TimedOutWorkers(
      this.#workforce,
      options.log,
      () => this.#dispatcher.channels,
    );
    this.#recycler = new Recycler(options.config, options.log, this.#workforce);
    this.#elastic = new ElasticWorkers(this.#dispatcher, this.#workforce, options);
  }

  async start(): Promise<void> {
    await this.#workforce.start(performance.now());
    this.#starting?.resolve();
    this.#starting = undefined;
    this.#recycler.restart(); // A reload that came before has begun it.
    if (this.#options.config.batchScheduling === "off") return;
    this.#scheduling.start((policy) => {
      this.#workforce.schedule(policy);
    });
  }

  /** The values of the configuration have changed, and a reload follows. */
  reconfigure(): void {
    this.#settings.reconfigure([...this.#workforce.records.values()].map((one) => one.generation));
    this.#dispatcher.tick(performance.now()); // Its next tick was meant for the old times.
    this.#recycler.restart();
    this.#timer.schedule();
  }

  /** A generation with the new code is on its way, or is when start(), which loads it, resolves what this returns. */
  reload(): Promise<void> | undefined {
    this.#workforce.reload(performance.now());
    return this.#starting?.promise;
  }

  /** `since`: when the time of --graceful-timeout began. */
  drain(since: number): void {
    this.#elastic.stop();
    this.#workforce.drain(performance.now(), since);
  }

  finish(): void {
    this.#workforce.finish(performance.now());
  }

  /** Who there is: for reading, and for their stacks. */
  get workforce(): Workforce {
    return this.#workforce;
  }

  close(): void {
    this.#timer.close();
    this.#scheduling.close();
    this.#recycler.close();
    this.#elastic.stop();
    this.#workforce.close();
  }

  /** At this moment; costs nothing until asked for. */
  status(): PoolStatus {
    const python = this.#python;
    return { python, ...poolStatus(this.#dispatcher, this.#overflow, this.#workforce) };
  }

  // From the connections.

  /** `queuedAt`: from when on it waits for a worker. */
  submit(exchange: Exchange, queuedAt: number = exchange.receivedAt): void {
    const isTaken = this.#dispatcher.submit(exchange, queuedAt);
    if (!isTaken) this.#overflow.add(exchange);
    if (!isTaken || exchange.place === "waiting") this.#elastic.waited();
    this.#shared.flusher.requestCame();
    this.#scheduleIfEarlier();
  }

  clientLeft(exchange: Exchange, isReset: boolean): void {
    if (!isReset) {
      exchange.hasClientEnded = true;
      abandonIfItWaits(exchange, () => this.clientLeft(exchange, true));
    } else {
      this.hold(exchange, false);
      const isOver = this.#dispatcher.cancel(exchange, performance.now());
      this.#scheduleIfEarlier();
      if (isOver) {
        exchange.request.body?.dispose();
        return;
      }
    }
    const { channel, number } = exchange;
    if (channel !== undefined) this.#channels.get(channel.id)?.output.sendGone(number, isReset);
  }

  hold(exchange: Exchange, isHeld: boolean): void {
    const worker = isHeld
      ? this.#channels.get(exchange.channel?.id ?? 0)
      : this.#held.get(exchange);
    if (worker?.channel === undefined) return;
    if (isHeld && worker.channel.isPast(exchange)) return;
    if (isHeld) this.#held.set(exchange, worker);
    else this.#held.delete(exchange);
    worker.output.setPaused(isHeld);
    this.#dispatcher.setPaused(worker.channel, isHeld, performance.now());
    this.#timer.schedule();
  }

  // From the dispatcher.

  #giveUp(exchange: Exchange, why: GiveUpReason): void {
    if (why === "queue-timeout") this.#overload.refused("waited for --queue-timeout");
    this.#options.figures.gaveUp(exchange, why, performance.now());
    exchange.sink.answerRefused(exchange, refusalOf(why, this.#channels.size > 0));
  }

  #onStuck(worker: number, exchange: Exchange, silentMs: number, kind: TimeoutKind): void {
    exchange.sink.answerRefused(exchange, REFUSALS.requestTimeout);
    // Nobody waits for it any more: if it turns out that it has not begun, it never will.
    this.#dispatcher.cancel(exchange, performance.now());
    this.#timedOut.add(worker, exchange, silentMs, kind);
  }

  // From the workforce.

  #makeWorkforce(): Workforce {
    return new Workforce(this.#options, this.#settings.registry, {
      onConnection: (socket) => {
        this.#onConnection(socket);
      },
      onAdmitted: (record, thread, worker) => {
        const { generation, worker: id } = record;
        const channel = this.#dispatcher.addChannel(id, thread, generation, performance.now());
        worker.channel = channel;
        worker.service = this.#recycler.admitted(record, performance.now());
        this.#channels.set(channel.id, worker);
        this.#becomeReady();
        if (this.#settings.serves(generation)) queueMicrotask(() => this.#elastic.restart());
        this.#timer.schedule(); // What waits is handed over at the next tick, which is due now.
      },
      onRetired: (worker) => {
        if (worker.channel !== undefined)
          this.#dispatcher.retire(worker.channel, performance.now());
        worker.endIfDone();
      },
      onThreadGone: (record, worker, ledger) => {
        this.#onThreadGone(record, worker, ledger);
      },
      onWithdrawn: (worker, report) => {
        const { channel } = worker;
        if (channel !== undefined) {
          this.#dispatcher.withdrawn(channel, report, performance.now());
          const { oldest } = channel;
          if (oldest !== undefined && channel.isPast(oldest)) this.hold(oldest, false);
        }
        worker.endIfDone();
        if (this.#dispatcher.waiting > 0) this.#elastic.waited();
        this.#timedOut.check();
        this.#timer.schedule();
      },
      onZygoteLost: (workers) => {
        for (const worker of workers) this.#onWithdrawalLost(worker);
      },
      onLoaded: (python) => {
        this.#python = python;
      },
      onModules: (report) => {
        this.#options.onModules(report);
      },
      onTimed: (isReloading) => {
        this.#options.onSettled(isReloading);
        this.#timer.schedule();
      },
      onFatal: (error) => {
        this.#options.onFatal(error);
      },
      onFinished: () => {
        this.#options.onFinished();
      },
    });
  }

  #onConnection(socket: ByteSocket): void {
    const worker: WorkerChannel = new WorkerChannel(socket, this.#shared, this.#dispatcher, {
      onHello: (hello) => this.#workforce.hello(worker, hello, performance.now()),
      onViolation: (what) => {
        this.#workforce.condemn(worker, `it broke the protocol: ${what}`, performance.now());
      },
      onClosed: () => {
        const now = performance.now();
        if (worker.channel !== undefined) this.#dispatcher.closed(worker.channel, now);
        this.#workforce.channelClosed(worker, now);
        this.#scheduleIfEarlier();
      },
      onOver: (exchange) => {
        this.#scheduling.count(exchange.runMs);
        if (worker.service !== undefined) this.#recycler.count(worker.service);
        this.#options.figures.answered(exchange);
        this.#elastic.count(exchange.runMs);
      },
      onActivity: () => {
        this.#timedOut.check();
        this.#overflow.admit();
        this.#scheduleIfEarlier();
      },
      now: () => performance.now(),
    });
  }

  /** One under way may have begun: the worker would skip requests without a word, and no ledger is left to tell which. */
  #onWithdrawalLost(worker: WorkerChannel): void {
    if (worker.channel === undefined || !this.#dispatcher.withdrawalLost(worker.channel)) return;
    this.#workforce.condemn(worker, "its ledger is lost", performance.now());
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#options.onReady(this.#python);
  }

  #onThreadGone(record: WorkerRecord, { channel }: WorkerChannel, ledger?: Ledger): void {
    if (channel === undefined) return;
    this.#channels.delete(channel.id);
    const victim = victimOf(channel, ledger);
    if (victim !== undefined) nameVictim(record.death, victim.request.requestLine);
    // A time-out has its own line.
    if (victim !== undefined && channel.stuck === undefined)
      this.#log.error(deathText(victim, record), incidentFields(victim, record.worker, record.pid));
    this.#dispatcher.died(channel, ledger, deathCauseOf(record), performance.now());
    this.#timer.schedule();
  }

  // The clock.

  /** After each request: cheap when nothing is due before the timer. */
  #scheduleIfEarlier(): void {
    if (this.#dispatcher.nextTickAt < this.#timer.at) this.#timer.schedule();
  }

  #nextTickAt(): number {
    // The deadline of a request that is over is nobody's: an idle server sleeps.
    const isIdle = this.#dispatcher.waiting + this.#dispatcher.inHand === 0;
    const dispatchAt = isIdle ? Infinity : this.#dispatcher.nextTickAt;
    return Math.min(dispatchAt, this.#workforce.registry.nextTickAt);
  }

  #tick(now: number, lateMs: number): void {
    this.#dispatcher.stoodStill(lateMs, now);
    if (lateMs >= STANDSTILL_MS) this.#workforce.stoodStill(lateMs, now);
    if (this.#dispatcher.nextTickAt <= now) this.#dispatcher.tick(now);
    this.#overflow.admit();
    if (this.#workforce.registry.nextTickAt <= now)
      this.#workforce.tick(now, this.#dispatcher.waiting);
  }
}
