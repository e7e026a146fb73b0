// The processes: zygotes, workers and their channels, brought up and down as the registry commands. Owns every child process and the socket
// that workers connect to. Knows nothing of requests: who gets which is the pool's business.

import type { RegistryCommand, RegistryOptions } from "../../core/workers/commands.ts";
import { Registry } from "../../core/workers/registry.ts";
import { ChannelServer, channelPathOf } from "./channel-server.ts";
import type { ControlReport } from "./control-messages.ts";
import { HelloTokens } from "./hello-tokens.ts";
import { continueOrphans, killLiving } from "./kill-process.ts";
import { StacksRequests } from "./stacks-requests.ts";
import { StartFailure } from "./start-failure.ts";
import type { Hello, Welcome, WorkerChannel } from "./worker-channel.ts";
import type { WorkforceEvents, WorkforceOptions } from "./workforce-events.ts";
import { noteDeath, noteExit, settleEnd, writeNote } from "./worker-death.ts";
import { forgetMemory, giveSlots, lastWordOf, noteSlot, takeAnswers } from "./worker-memory.ts";
import { admittedOf, busyAmong, newWorkerRecord, recordOf } from "./worker-record.ts";
import type { WorkerRecord } from "./worker-record.ts";
import { ZygoteSet } from "./zygote-set.ts";
import { debtorsAmong } from "./zygote-watch.ts";

/** A worker that has exited is read to its end for this long: a child of the application may hold the channel open. */
const READ_OUT_MS = 100;

export class Workforce {
  readonly #options: WorkforceOptions;
  readonly #events: WorkforceEvents;
  readonly #registry: Registry;
  readonly #zygotes: ZygoteSet;
  readonly #records = new Map<number, WorkerRecord>();
  readonly #stacks = new StacksRequests();
  /** HELLOs that the registry has yet to admit. */
  readonly #greeting = new Map<string, WorkerChannel>();
  readonly #tokens = new HelloTokens();
  #channelServer: ChannelServer | undefined;
  readonly #startFailure: StartFailure;
  #isClosed = false;

  constructor(options: WorkforceOptions, settings: RegistryOptions, events: WorkforceEvents) {
    this.#options = options;
    this.#events = events;
    this.#startFailure = new StartFailure(options.config);
    // The very object, no copy: a reload changes its values.
    this.#registry = new Registry(Object.assign(settings, { isBusy: busyAmong(this.#records) }));
    this.#zygotes = new ZygoteSet(options, {
      onReport: (generation, report) => {
        this.#onReport(generation, report);
      },
      onGone: (generation, how, wasTold) => {
        this.#onZygoteGone(generation, how, wasTold);
      },
      debtors: () => debtorsAmong(this.#registry.workers.values(), this.#records),
    });
  }

  /** Who there is and in which state: for reading. */
  get registry(): Registry {
    return this.#registry;
  }

  async start(now: number): Promise<void> {
    const { config, poller, privateDirectory } = this.#options;
    const path = channelPathOf(privateDirectory);
    const backlog = 2 * config.workers.max * config.threads;
    this.#channelServer = await ChannelServer.listen(path, backlog, poller, (socket) => {
      this.#events.onConnection(socket);
    });
    this.#run(this.#registry.start(now));
  }

  reload(now: number): void {
    this.#run(this.#registry.reload(now));
  }

  scale(by: number, now: number): void {
    this.#run(this.#registry.scale(this.#registry.least + by, now));
  }

  /** So many for now. */
  resize(target: number, now: number): void {
    this.#run(this.#registry.resize(target, now));
  }

  /** The server is about to end: who dies is replaced only while requests wait. */
  drain(now: number, since: number): void {
    this.#zygotes.dropSpare();
    this.#run(this.#registry.drain(now, since));
  }

  /** No request is left: let all go. */
  finish(now: number): void {
    this.#run(this.#registry.finish(now));
  }

  tick(now: number, waiting: number): void {
    this.#run(this.#registry.tick(now, waiting));
  }

  /** Up to now the front itself did not run for so long. */
  readonly stoodStill: Registry["stoodStill"] = (...late) => this.#registry.stoodStill(...late);

  hello(channel: WorkerChannel, hello: Hello, now: number): Welcome {
    const record = this.#tokens.take(this.#records.values(), hello);
    if (record === "late" || record === "unknown") return record;
    // The zygote's report of the fork may be lost with the zygote; without its pid an orphan could not be ended.
    this.#onForked(record.worker, hello.pid, now);
    const key = `${record.worker}/${hello.thread}`;
    this.#greeting.set(key, channel);
    this.#run(this.#registry.hello(record.worker, hello.thread, now));
    this.#greeting.delete(key);
    return record.channels[hello.thread] === channel ? "welcome" : "late";
  }

  /** Everything that this thread wrote was read. */
  channelClosed(channel: WorkerChannel, now: number): void {
    const found = recordOf(this.#records.values(), channel);
    if (found === undefined) return;
    const { record } = found;
    if (!this.#zygotes.has(record.generation)) this.#noteDeath(record);
    this.#run(this.#registry.channelLost(record.worker, now));
    this.#settleClosed(channel);
  }

  withdraw(channel: { worker: number; thread: number; generation: number }, upTo: number): void {
    const { worker, thread, generation } = channel;
    this.#options.figures.withdrawals++;
    this.#zygotes.send(generation, { type: "withdraw", worker, thread, upTo });
  }

  /** The Python stacks of all threads of a worker; empty when they cannot be had. */
  stacks(worker: number, onText: (text: string) => void): void {
    const generation = this.#records.get(worker)?.generation ?? 0;
    const ask = (): void => {
      this.#zygotes.send(generation, { type: "stacks", worker });
    };
    if (this.#zygotes.has(generation)) this.#stacks.add(worker, ask, onText);
    else onText("");
  }

  /** A request time-out struck: the worker is ended and replaced. */
  timedOut(worker: number, now: number): void {
    const record = this.#records.get(worker);
    if (record === undefined || record.exit !== undefined) return;
    record.isTimedOut = true;
    this.#run(this.#registry.workerTimedOut(worker, now));
  }

  /** Nothing that this worker says can be trusted any more: it is ended at once, and another takes its place. */
  condemn(channel: WorkerChannel, why: string, now: number): void {
    const worker = recordOf(this.#records.values(), channel)?.record.worker;
    if (worker === undefined)
      this.#options.log.warning(`a connection to the workers' socket was refused: ${why}`);
    else this.#run(this.#registry.condemn(worker, why, now));
  }

  /** It has served long enough: another takes its place when that is ready. */
  recycle(worker: number, now: number): void {
    this.#run(this.#registry.recycle(worker, now));
  }

  /** Of a worker that timed out, no other thread holds anything. */
  othersFinished(worker: number, now: number): void {
    this.#run(this.#registry.othersFinished(worker, now));
  }

  /** Of the front. */
  schedule(policy: "batch" | "other"): void {
    this.#zygotes.sendToAll({ type: "schedule", policy });
  }

  /** Where a large body may be read to that is still to come: those who will answer it can probably read it there. */
  readonly takeBodySlot: ZygoteSet["takeBodySlot"] = () => this.#zygotes.takeBodySlot();

  /** To the service manager, by a zygote that listens; false if there is none. */
  notify(address: string, state: string): boolean {
    return this.#zygotes.sendToListening({ type: "notify", address, state });
  }

  get records(): ReadonlyMap<number, WorkerRecord> {
    return this.#records;
  }

  /** Ends every process that is left, at once. */
  close(): void {
    this.#isClosed = true;
    killLiving(this.#records.values());
    this.#zygotes.killAll();
    this.#channelServer?.close();
  }

  #run(commands: readonly RegistryCommand[]): void {
    for (const command of commands) this.#carryOut(command);
    this.#events.onTimed(this.#registry.isReloading);
  }

  #carryOut(command: RegistryCommand): void {
    switch (command.kind) {
      case "startZygote":
        this.#zygotes.start(command.generation);
        return;
      case "stopZygote":
        this.#zygotes.stop(command.generation, command.isForced);
        return;
      case "fork":
        this.#fork(command.worker, command.generation);
        return;
      case "admit":
        this.#admit(command.worker, command.thread);
        return;
      case "refuse":
        return; // hello() finds that the channel was not admitted.
      case "retire":
        for (const channel of admittedOf(this.#records.get(command.worker)))
          this.#events.onRetired(channel);
        return;
      case "signal":
        this.#zygotes.signal(command);
        return;
      case "note":
        writeNote(command, this.#records, this.#options.log);
        return;
      case "fatal":
        if (command.isOverdue) this.#startFailure.overdue();
        this.#events.onFatal(this.#startFailure.error);
        return;
      case "drained":
        this.#events.onFinished();
    }
  }

  #fork(worker: number, generation: number): void {
    const record = newWorkerRecord(worker, generation, this.#options.config.threads);
    this.#records.set(worker, record);
    this.#options.figures.workersForked++;
    this.#channelServer?.keep(this.#options.log);
    this.#zygotes.send(generation, { type: "fork", worker, tokens: [...record.tokens] });
  }

  #admit(worker: number, thread: number): void {
    const record = this.#records.get(worker);
    const channel = this.#greeting.get(`${worker}/${thread}`);
    if (record === undefined || channel === undefined) return;
    record.channels[thread] = channel;
    giveSlots(record, thread);
    this.#events.onAdmitted(record, thread, channel);
  }

  #onReport(generation: number, report: ControlReport): void {
    const now = performance.now();
    switch (report.type) {
      case "loaded":
        for (const note of report.notes) this.#options.log.info(note);
        this.#events.onLoaded(report.python);
        this.#run(this.#registry.zygoteLoaded(generation, now));
        return;
      case "failed":
        this.#startFailure.reported(report.error, report.hint);
        this.#run(this.#registry.zygoteFailed(generation, report.error, now));
        return;
      case "forked":
        noteSlot(this.#records.get(report.worker), report.slot, this.#zygotes.memory(generation));
        this.#onForked(report.worker, report.pid, now);
        return;
      case "exited":
        this.#onExited(report, now);
        return;
      case "withdrawn":
        this.#onWithdrawn(report);
        return;
      case "answers":
        takeAnswers(this.#records, report);
        return;
      case "stacks":
        this.#stacks.settle(report.worker, report.text);
        return;
      case "modules":
        this.#events.onModules(report);
        return;
      case "note":
        this.#options.log.write(report.level, report.text);
    }
  }

  #onForked(worker: number, pid: number, now: number): void {
    const record = this.#records.get(worker);
    if (record !== undefined) record.pid = pid;
    this.#run(this.#registry.forked(worker, pid, now));
  }

  #onExited(report: Extract<ControlReport, { type: "exited" }>, now: number): void {
    const record = this.#records.get(report.worker);
    if (record === undefined) return;
    noteExit(record, report, this.#registry.workers.get(report.worker));
    this.#options.figures.endedCpuSeconds += (report.userMs + report.systemMs) / 1000;
    this.#noteDeath(record);
    for (const [thread, channel] of record.channels.entries()) {
      if (channel !== undefined) this.#readOut(record, thread, channel);
    }
    this.#run(this.#registry.exited(report.worker, report.status, report.signal, now));
    record.isReported = true;
    this.#forgetIfOver(record);
  }

  #noteDeath(record: WorkerRecord): void {
    noteDeath(record, this.#registry.workers.get(record.worker), this.#options);
  }

  /** What the worker had written before it ended is an answer all the same. */
  #readOut(record: WorkerRecord, thread: number, channel: WorkerChannel): void {
    if (channel.isClosed) {
      this.#threadGone(record, thread, channel);
      return;
    }
    channel.output.readOut();
    setTimeout(() => {
      if (!channel.isClosed) channel.output.destroy();
    }, READ_OUT_MS);
  }

  /** A channel was read to its end. With a zygote, the exit report, which tells what had started, must have come too. */
  #settleClosed(channel: WorkerChannel): void {
    const found = recordOf(this.#records.values(), channel);
    if (found === undefined) return;
    const { record, thread } = found;
    if (record.exit === undefined && this.#zygotes.has(record.generation)) return;
    this.#threadGone(record, thread, channel);
  }

  #threadGone(record: WorkerRecord, thread: number, channel: WorkerChannel): void {
    record.channels[thread] = undefined;
    this.#events.onThreadGone(record, channel, lastWordOf(record, thread, channel));
    this.#forgetIfOver(record);
  }

  #forgetIfOver(record: WorkerRecord): void {
    const isOver = record.isReported || !this.#zygotes.has(record.generation);
    if (isOver && record.channels.every((channel) => channel === undefined)) {
      settleEnd(record, this.#options);
      forgetMemory(record);
      this.#tokens.forget(record);
      this.#records.delete(record.worker);
    }
  }

  #onWithdrawn(report: Extract<ControlReport, { type: "withdrawn" }>): void {
    const channel = this.#records.get(report.worker)?.channels[report.thread];
    this.#options.figures.requestsWithdrawn += Math.max(0, report.upTo - report.above);
    if (channel !== undefined) this.#events.onWithdrawn(channel, report);
  }

  #onZygoteGone(generation: number, how: string, wasTold: boolean): void {
    if (this.#isClosed) return;
    if (!wasTold) {
      this.#options.log.info(`zygote ${generation} ended: ${how}`);
      this.#startFailure.zygoteEnded(how);
    }
    const now = performance.now();
    const channels = continueOrphans(this.#records.values(), generation);
    this.#events.onZygoteLost(channels);
    this.#run(this.#registry.zygoteLost(generation, now));
    // Exit reports will not come: whose channel has ended is gone, and so is who never had one. Its pid may soon be another's.
    for (const channel of channels) if (channel.isClosed) this.#settleClosed(channel);
    for (const record of this.#records.values()) this.#forgetIfOver(record);
  }
}
