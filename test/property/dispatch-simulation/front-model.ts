// The front without sockets and processes: connects the real dispatcher and the real registry to the models, as the
// io side does it, and asserts after every event what must hold at any moment.

import assert from "node:assert/strict";
import type { Channel } from "../../../src/core/dispatch/channel.ts";
import { Dispatcher } from "../../../src/core/dispatch/dispatcher.ts";
import type { WithdrawReport } from "../../../src/core/dispatch/effects.ts";
import type { GiveUpReason } from "../../../src/core/dispatch/death.ts";
import type { RegistryCommand } from "../../../src/core/workers/commands.ts";
import { Registry } from "../../../src/core/workers/registry.ts";
import type { Clock } from "./clock.ts";
import { hear, Line } from "./line.ts";
import {
  checkGiveUp,
  checkHanded,
  checkMoment,
  checkSend,
  checkStuck,
  type Load,
} from "./moment.ts";
import { QuickHistory } from "./quick-history.ts";
import type { SimulatedRequest, WorkerFrame, WorkerProcess } from "./worker-model.ts";
import { Zygote } from "./zygote-model.ts";
import type { Exit, Reports } from "./zygote-model.ts";
import type { FrontOptions } from "./front-options.ts";

export class Front implements Reports {
  readonly dispatcher: Dispatcher<SimulatedRequest>;
  readonly registry: Registry;
  readonly zygotes = new Map<number, Zygote>();
  readonly processes: WorkerProcess[] = [];
  readonly #clock: Clock;
  readonly #options: FrontOptions;
  readonly #lines = new Map<number, Line>();
  readonly #greeting = new Map<string, WorkerProcess>();
  readonly #timedOut = new Set<number>();
  readonly #toDo: (() => void)[] = [];
  /** All that were submitted and not refused. */
  readonly requests: SimulatedRequest[] = [];
  readonly #quick = new QuickHistory();
  #armedFor = Infinity;
  isDrained = false;
  /** A worker left without anybody to read its ledger: what it had not started is then presumed. */
  isBlind = false;
  fatal: string | undefined;
  stuckCount = 0;
  withdrawCount = 0;
  deathsInWithdrawal = 0;
  overloadCount = 0;
  heldCount = 0;

  constructor(clock: Clock, options: FrontOptions) {
    this.#clock = clock;
    this.#options = options;
    const isBusy = (worker: number): boolean =>
      this.lines.some(({ channel }) => channel.worker === worker && channel.inHand > 0);
    this.registry = new Registry({ ...options.registry, isBusy });
    this.dispatcher = new Dispatcher<SimulatedRequest>(options.dispatch, {
      send: (channel, number, request) => {
        this.#send(channel, number, request);
      },
      withdraw: (channel, upTo) => {
        this.#withdraw(channel, upTo);
      },
      giveUp: (request, why) => {
        this.#giveUp(request, why);
      },
      stuck: (channel, request, silentMs, kind) => {
        assert.equal(kind, "request-timeout");
        this.#stuck(channel, request, silentMs);
      },
    });
  }

  get #load(): Load {
    return { now: this.#clock.now, requests: this.requests, quick: this.#quick };
  }

  get lines(): Line[] {
    return [...this.#lines.values()];
  }

  /** Something happens at the front. All invariants hold afterwards. */
  act(what: (now: number) => RegistryCommand[] | void): void {
    this.#run(what(this.#clock.now) ?? []);
    for (let next = this.#toDo.shift(); next !== undefined; next = this.#toDo.shift()) next();
    for (const line of this.#lines.values()) this.#endIfDone(line);
    this.#check();
    this.#arm();
  }

  pause(line: Line, isPaused: boolean): void {
    if (!isPaused) line.resumedAt = this.#clock.now;
    this.act((now) => {
      this.dispatcher.setPaused(line.channel, isPaused, now);
    });
    if (!isPaused) this.#readOn(line);
  }

  #run(commands: RegistryCommand[]): void {
    for (const command of commands) this.#carryOut(command);
  }

  #carryOut(command: RegistryCommand): void {
    switch (command.kind) {
      case "startZygote":
        this.#startZygote(command.generation);
        return;
      case "stopZygote": {
        const zygote = this.zygotes.get(command.generation);
        if (command.isForced) zygote?.die();
        else zygote?.stop();
        return;
      }
      case "fork":
        assert.equal(this.zygotes.has(command.generation), true, "fork without a zygote");
        this.zygotes.get(command.generation)?.fork(command.worker);
        return;
      case "admit":
        this.#admit(command.worker, command.thread, command.generation);
        return;
      case "refuse":
        this.#greeting.get(`${command.worker}/${command.thread}`)?.die(0, null);
        return;
      case "retire":
        for (const line of this.lines)
          if (line.channel.worker === command.worker)
            this.dispatcher.retire(line.channel, this.#clock.now);
        return;
      case "signal":
        if (!command.isOrphan) {
          this.zygotes.get(command.generation)?.signal(command.worker, command.signal);
        } else if (command.pid !== undefined) {
          this.processes.find(({ pid }) => pid === command.pid)?.signal(command.signal);
        }
        return;
      case "fatal":
        this.fatal = command.why;
        return;
      case "drained":
        this.#drained();
        return;
      case "note":
    }
  }

  #startZygote(generation: number): void {
    const { trouble, registry } = this.#options;
    const facts = { generation, threads: registry.threads };
    this.zygotes.set(generation, new Zygote(this.#clock, facts, { reports: this, trouble }));
  }

  #admit(worker: number, thread: number, generation: number): void {
    const process = this.#greeting.get(`${worker}/${thread}`);
    if (process === undefined) throw new Error("a worker was admitted that said nothing");
    const channel = this.dispatcher.addChannel(worker, thread, generation, this.#clock.now);
    this.#lines.set(channel.id, new Line(this.#clock, channel, { process, thread }));
  }

  // Effects of the dispatcher.

  #send(channel: Channel<SimulatedRequest>, number: number, request: SimulatedRequest): void {
    const line = this.#lines.get(channel.id);
    if (line === undefined) throw new Error("sent on a channel that is not there");
    checkSend(line, request);
    const older = this.requests.some(
      ({ place, queuedAt, isSlow }) =>
        place === "waiting" && isSlow === request.isSlow && queuedAt < request.queuedAt,
    );
    if (older) this.overloadCount++;
    checkHanded(this.dispatcher, request, this.#load);
    if (!request.isSlow) this.#quick.handed(this.#clock.now);
    line.send({ number, request });
  }

  #withdraw(channel: Channel<SimulatedRequest>, upTo: number): void {
    this.withdrawCount++;
    if (this.#clock.chance(0.03)) this.#dieSoon(channel);
    this.zygotes.get(channel.generation)?.withdraw(channel.worker, channel.thread, upTo);
  }

  /** In the middle of a withdrawal, or just before or after it. */
  #dieSoon(channel: Channel<SimulatedRequest>): void {
    this.deathsInWithdrawal++;
    this.#clock.after(this.#clock.between(0, 1), () => {
      this.#lines.get(channel.id)?.process.die(null, "SIGKILL");
    });
  }

  #giveUp(request: SimulatedRequest, why: GiveUpReason): void {
    const waitedMs = this.#clock.now - request.submittedAt;
    const { queueTimeoutMs } = this.#options.dispatch;
    checkGiveUp(request, why, { waitedMs, queueTimeoutMs, isBlind: this.isBlind });
    request.outcome = why;
  }

  #stuck(channel: Channel<SimulatedRequest>, request: SimulatedRequest, silentMs: number): void {
    this.stuckCount++;
    const { requestTimeoutMs } = this.#options.dispatch;
    assert.ok(silentMs >= requestTimeoutMs - 0.001, `a time-out struck after ${silentMs} ms`);
    checkStuck(this.#lines.get(channel.id), request, { now: this.#clock.now, requestTimeoutMs });
    // What may not be called from inside an effect.
    this.#toDo.push(() => {
      this.#timedOut.add(channel.worker);
      this.#run(this.registry.workerTimedOut(channel.worker, this.#clock.now));
    });
  }

  // Reports of the zygotes and frames of the workers.

  born(process: WorkerProcess): void {
    this.processes.push(process);
  }

  loaded(generation: number): void {
    this.act((now) => this.registry.zygoteLoaded(generation, now));
  }

  failed(generation: number): void {
    this.act((now) => this.registry.zygoteFailed(generation, "SyntaxError", now));
  }

  forked(worker: number, pid: number): void {
    this.act((now) => this.registry.forked(worker, pid, now));
  }

  frame(process: WorkerProcess, thread: number, frame: WorkerFrame): void {
    if (frame.type === "hello") {
      const key = `${process.id}/${thread}`;
      this.#greeting.set(key, process);
      this.act((now) => this.registry.hello(process.id, thread, now));
      return;
    }
    const line = this.lines.find((one) => one.process === process && one.thread === thread);
    if (line === undefined) return;
    line.unread.push(frame);
    this.#readOn(line);
  }

  #readOn(line: Line): void {
    // Whoever has exited is read to the end, however slow the client is.
    while (line.unread.length > 0 && (!line.channel.isPaused || line.exit !== undefined)) {
      const frame = line.unread.shift();
      if (frame?.type === "eof") this.#readEnd(line);
      else if (frame !== undefined) for (const news of line.received()) this.#read(line, news);
    }
  }

  #readEnd(line: Line): void {
    const { channel } = line;
    line.isAtEnd = true;
    this.act((now) => {
      this.dispatcher.closed(channel, now);
      const commands = this.registry.channelLost(channel.worker, now);
      if (this.zygotes.get(channel.generation)?.isAlive !== true) this.#readMemory(line, now);
      this.#buryIfDone(line);
      return commands;
    });
  }

  #readMemory(line: Line, now: number): void {
    const frames = line.readMemory(this.#options.isMemoryLegible);
    for (const frame of frames) hear(this.dispatcher, line.channel, frame, now);
  }

  #read({ channel }: Line, frame: WorkerFrame): void {
    this.act((now) => {
      hear(this.dispatcher, channel, frame, now);
    });
  }

  exited(worker: number, exit: Exit): void {
    const lines = this.lines.filter(({ channel }) => channel.worker === worker);
    for (const line of lines) {
      line.exit = { ledger: exit.ledgers[line.thread] };
      this.#readOn(line);
    }
    this.act((now) => {
      for (const line of lines) this.#buryIfDone(line);
      return this.registry.exited(worker, exit.status, exit.signal, now);
    });
  }

  answers(worker: number, thread: number, base: number, count: number): void {
    const line = this.lines.find((one) => one.channel.worker === worker && one.thread === thread);
    if (line === undefined) return;
    for (const frame of line.reported(base, count)) this.#read(line, frame);
  }

  withdrawn(worker: number, thread: number, report: WithdrawReport): void {
    const line = this.lines.find((one) => one.channel.worker === worker && one.thread === thread);
    if (line === undefined) return;
    this.act((now) => {
      this.dispatcher.withdrawn(line.channel, report, now);
    });
  }

  lost(generation: number): void {
    const lines = this.lines.filter(({ channel }) => channel.generation === generation);
    this.act((now) => {
      const commands = this.registry.zygoteLost(generation, now);
      for (const line of lines) {
        const isInLimbo = this.dispatcher.withdrawalLost(line.channel);
        if (isInLimbo) {
          commands.push(...this.registry.condemn(line.channel.worker, "its ledger is lost", now));
        }
        if (line.isAtEnd) this.#readMemory(line, now);
        this.#buryIfDone(line);
      }
      return commands;
    });
  }

  /** Dead, read to the end and reported: what it held goes where it must. */
  #buryIfDone(line: Line): void {
    if (!line.isAtEnd || line.exit === undefined || line.channel.isDead) return;
    const { ledger } = line.exit;
    if (ledger === undefined) this.isBlind = true;
    const cause = this.#timedOut.has(line.channel.worker) ? "timeout" : "exit";
    this.#lines.delete(line.channel.id);
    this.dispatcher.died(line.channel, ledger, cause, this.#clock.now);
  }

  #endIfDone(line: Line): void {
    if (!line.channel.mayLeave || line.isFinished) return;
    line.isFinished = true;
    line.send("fin");
  }

  #drained(): void {
    assert.equal(this.isDrained, false, "drained twice");
    this.isDrained = true;
    for (const line of this.lines) {
      // What it said last is on its way, and nobody will read it.
      if (!line.isAtEnd) this.isBlind = true;
      line.isAtEnd = true;
      line.readMemory(false);
      this.#buryIfDone(line);
    }
    // Their connections end with the server.
    for (const request of this.requests) {
      if (request.place !== "waiting") continue;
      if (this.dispatcher.cancel(request, this.#clock.now)) request.outcome = "cancelled";
    }
  }

  // Time, and what must hold after every event.

  #arm(): void {
    const next = Math.min(this.dispatcher.nextTickAt, this.registry.nextTickAt);
    if (this.isDrained || next >= this.#armedFor) return;
    this.#armedFor = next;
    this.#clock.after(Math.max(0, next - this.#clock.now), () => {
      if (this.#armedFor !== next) return;
      this.#armedFor = Infinity;
      this.act((now) => {
        if (this.dispatcher.nextTickAt <= now) this.dispatcher.tick(now);
        return this.registry.nextTickAt <= now
          ? this.registry.tick(now, this.dispatcher.waiting)
          : [];
      });
    });
  }

  #check(): void {
    const { registry, mayExceedMaximum } = this.#options;
    const { maxWorkers, maxReplacing } = registry;
    const { waiting, idleChannels } = this.dispatcher;
    if (waiting > 0 && idleChannels > 0) this.heldCount++;
    checkMoment(this.dispatcher, this.registry, this.lines, {
      ...this.#load,
      maxWorkers: maxWorkers + (mayExceedMaximum ? maxReplacing : 0),
      requestTimeoutMs: this.#options.dispatch.requestTimeoutMs,
    });
  }
}
