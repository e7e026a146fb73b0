// The composition root: builds the network side, the workers' side and the logs, joins them, and carries out the server's verbs:
// start, reload, drain, stop. Decides nothing about requests.

import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { errorOf } from "./core/error-of.ts";
import { type ApplicationSpec, nameOf } from "./config/application.ts";
import type { Config } from "./config/options.ts";
import { Figures } from "./core/metrics/figures.ts";
import { History } from "./core/metrics/history.ts";
import { Admin } from "./io/admin/admin.ts";
import { makeSubject } from "./io/admin/make-subject.ts";
import { healthOf, type AdminSubject } from "./io/admin/subject.ts";
import type { ServiceManagerPlace } from "./config/service-manager.ts";
import { makeDevelopment } from "./io/development/make-development.ts";
import type { Development } from "./io/development/development.ts";
import { outputPathIn } from "./io/brought-output.ts";
import { countOf, servingText } from "./io/banner.ts";
import { Descriptors } from "./io/descriptor-limit.ts";
import { FreedMemory } from "./io/freed-memory.ts";
import { withHealthPath } from "./io/health-path.ts";
import { asIdentity, become, giveSockets, type Identity } from "./io/identity.ts";
import type { Lifecycle } from "./io/lifecycle.ts";
import type { Log } from "./io/log.ts";
import { withLogs, type Logs } from "./io/open-logs.ts";
import { Front } from "./io/net/front.ts";
import type { Listener } from "./io/net/listener.ts";
import { OutputServer } from "./io/output-server.ts";
import { claimPidFile, type PidFile } from "./io/pid-file.ts";
import { type ReadAgain, reload } from "./io/reload.ts";
import { makePrivateDirectory } from "./io/private-directory.ts";
import { ServiceManager } from "./io/service-manager.ts";
import { requestObserver } from "./io/request-observer.ts";
import { handleSignals } from "./io/signals.ts";
import { Pool } from "./io/workers/pool.ts";
import { SocketPoller } from "./io/sockets/socket-poller.ts";
import { ReloadWatch, type ReloadOutcome } from "./io/workers/reload-watch.ts";
import { logStacks } from "./io/workers/stacks-log.ts";
import type { Zygote } from "./io/workers/zygote.ts";
import { readVersion } from "./version.ts";

/** An import that takes longer than this is worth a line, so that nobody thinks the server hangs. */
const SLOW_START_MS = 3000;

/** Serves until a signal ends it; returns the exit code. Throws StartupError for what the operator can mend. */
export async function serve(
  config: Config,
  application: ApplicationSpec,
  circumstances: Circumstances,
): Promise<number> {
  return await withLogs(circumstances.identity, config, async (logs) => {
    const pidFile = claimPidFile(config.pidFile);
    // Asked for as root: between two users Node hears of no TMPDIR, as if it were a setuid program.
    const temporary = tmpdir();
    const directory = asIdentity(circumstances.identity, () => makePrivateDirectory(temporary));
    const surroundings = { ...circumstances, logs, directory, pidFile };
    // A copy of its own, since a reload changes it.
    const server = new Server({ ...config }, application, surroundings);
    try {
      return await server.run();
    } finally {
      pidFile.remove();
      directory.remove();
    }
  });
}

/** What the process found at its start. */
export interface Circumstances {
  readonly manager: ServiceManagerPlace | undefined;
  /** Whom to become once the addresses are bound. */
  readonly identity: Identity | undefined;
  /** Started ahead; the caller ends it if it was never told what to load. */
  readonly zygote: Zygote | undefined;
  /** At a reload. */
  readonly readAgain: ReadAgain;
  /** Started by nohup(1): it outlives its terminal. */
  readonly isNohup: boolean;
}

interface Surroundings extends Circumstances {
  readonly logs: Logs;
  readonly directory: ReturnType<typeof makePrivateDirectory>;
  readonly pidFile: PidFile;
}

class Server {
  readonly #config: Config;
  readonly #name: string;
  readonly #logs: Logs;
  readonly #log: Log;
  readonly #surroundings: Surroundings;
  readonly #front: Front;
  readonly #manager: ServiceManager;
  readonly #pool: Pool;
  readonly #privateDirectory: string;
  /** What zygotes and workers bring for the log. */
  readonly #output: OutputServer | undefined;
  readonly #descriptors: Descriptors;
  readonly #lifecycle: Lifecycle = { phase: "starting" };
  readonly #figures = new Figures();
  readonly #subject: AdminSubject;
  readonly #admin: Admin;
  /** What the machine gives too little of. */
  readonly #advice: readonly string[];
  readonly #reloads: ReloadWatch;
  readonly #development: Development | undefined;
  #listeners: readonly Listener[] = [];
  /** One line for the service manager, while the server serves. */
  #status = "";
  #patience: NodeJS.Timeout | undefined;
  #over: { resolve(exitCode: number): void; reject(error: Error): void } | undefined;

  constructor(config: Config, application: ApplicationSpec, surroundings: Surroundings) {
    const { logs, directory, manager } = surroundings;
    this.#surroundings = surroundings;
    this.#config = config;
    this.#name = nameOf(application);
    const { log } = logs;
    this.#logs = logs;
    this.#log = log;
    this.#privateDirectory = directory.path;
    if (logs.messages !== undefined) this.#output = new OutputServer(logs.messages);
    const history = new History();
    this.#reloads = new ReloadWatch({ figures: this.#figures, history });
    this.#descriptors = new Descriptors(config);
    const { plan, advice: limitAdvice } = this.#descriptors;
    this.#advice = [limitAdvice, directory.advice].filter((advice) => advice !== undefined);
    const poller = config.directSockets === "off" ? undefined : SocketPoller.start();
    const freedMemory = new FreedMemory(poller?.libc.mallocTrim);
    this.#pool = new Pool({
      poller,
      config,
      application,
      version: readVersion(),
      log,
      privateDirectory: directory.path,
      zygote: surroundings.zygote,
      figures: this.#figures,
      history,
      onReady: (python) => {
        this.#onReady(python);
      },
      onSettled: (isReloading) => {
        this.#reloads.settled(this.#pool.workforce.registry.generationsInTurn);
        this.#development?.settled();
        if (!isReloading) this.#manager.reloaded(this.#status);
      },
      onModules: (report) => {
        this.#development?.imported(report);
      },
      onFatal: (error) => {
        this.#over?.reject(error);
      },
      onFinished: () => {
        this.#over?.resolve(0);
      },
    });
    this.#manager = new ServiceManager({
      place: manager,
      python: config.python,
      sendByZygote: (address, state) => this.#pool.workforce.notify(address, state),
    });
    this.#development = makeDevelopment({
      config,
      application,
      log,
      pool: this.#pool,
      name: this.#name,
      urls: () => this.#urls,
      reload: () => this.#reload(),
      onBroken: () => {
        clearTimeout(this.#patience);
      },
    });
    this.#front = new Front({
      config,
      poller,
      descriptors: this.#descriptors,
      requests: withHealthPath(config.healthPath, this.#development?.requests ?? this.#pool, () =>
        healthOf(this.#subject),
      ),
      observer: requestObserver({ figures: this.#figures, logs }),
      figures: this.#figures,
      newSpoolPath: () => directory.newPath(),
      takeBodySlot: () => this.#pool.workforce.takeBodySlot(),
      freedMemory,
    });
    this.#subject = makeSubject({
      config,
      version: readVersion(),
      application: this.#name,
      log,
      history,
      figures: this.#figures,
      lifecycle: this.#lifecycle,
      front: this.#front,
      pool: this.#pool,
      development: this.#development,
      listeners: () => this.#listeners,
      reload: () => this.#reload(),
    });
    this.#admin = new Admin(this.#subject, directory.path, plan.maxAdminConnections, log);
  }

  async run(): Promise<number> {
    try {
      const over = new Promise<number>((resolve, reject) => {
        this.#over = { resolve, reject };
      });
      // First of all: a signal from now on finds someone who cleans up.
      this.#handleSignals();
      // Where two servers want the same addresses, the one that the user knows is named.
      this.#listeners = await this.#front.listen();
      await this.#admin.open();
      const { identity, pidFile } = this.#surroundings;
      if (identity !== undefined) {
        giveSockets(identity, [...this.#config.bind, this.#config.admin]);
        become(identity);
      }
      await this.#admin.openInside();
      pidFile.write();
      this.#patience = setTimeout(() => {
        this.#log.info(`still importing ${this.#name}`);
        this.#manager.status(`importing ${this.#name}`);
      }, SLOW_START_MS);
      await this.#output?.listen(outputPathIn(this.#privateDirectory));
      this.#development?.start();
      await this.#pool.start();
      void this.#admin.loadAhead();
      return await over;
    } finally {
      clearTimeout(this.#patience);
      this.#admin.close();
      this.#manager.close();
      this.#front.close();
      this.#development?.close();
      this.#pool.close();
      await this.#front.closed();
      await this.#output?.close();
    }
  }

  #onReady(python: string): void {
    clearTimeout(this.#patience);
    if (this.#lifecycle.phase === "starting") this.#lifecycle.phase = "serving";
    this.#status = `serving ${this.#name} at ${this.#urls}`;
    this.#log.info(servingText(this.#status, this.#config, python));
    for (const advice of this.#advice) this.#log.warning(advice);
    if (this.#admin.notice !== undefined) this.#log.info(this.#admin.notice);
    if (this.#lifecycle.phase === "serving") this.#manager.ready(this.#status);
  }

  get #urls(): string {
    return this.#listeners.map((listener) => listener.url).join(" and ");
  }

  #handleSignals(): void {
    handleSignals(this.#surroundings.isNohup, {
      drain: (signal) => {
        this.#drain(signal).catch((error: unknown) => this.#over?.reject(errorOf(error)));
      },
      stopNow: (what) => {
        this.#log.warning(`${what}: ending at once`);
        this.#over?.resolve(0);
      },
      reload: () => void this.#reload(),
      changeWorkers: (by) => {
        this.#pool.workforce.scale(by, performance.now());
      },
      reopenLogs: () => {
        this.#logs.reopen();
      },
      dumpStacks: () => {
        logStacks(this.#pool.workforce, this.#log);
      },
    });
  }

  #reload(): Promise<ReloadOutcome> {
    if (this.#lifecycle.phase === "serving") this.#manager.reloading();
    return reload(this.#config, this.#surroundings.readAgain, {
      log: this.#log,
      onChanged: () => {
        this.#descriptors.replan(this.#log);
        this.#front.reconfigure();
        this.#pool.reconfigure();
        this.#logs.reconfigure(this.#config);
      },
      startCode: () => this.#pool.reload(),
      watchCode: () => this.#reloads.begun(this.#pool.workforce.registry.generationsInTurn),
      onRefused: (error) => {
        this.#reloads.refused(error);
        if (this.#pool.workforce.registry.generationsInTurn.candidate !== undefined) return; // Its end is said.
        this.#manager.reloaded(`${this.#status}; a reload was refused: ${error}`);
      },
    });
  }

  get #openConnections(): string {
    return countOf(this.#front.connections, "connection");
  }

  async #drain(signal: string): Promise<void> {
    const { drainDelayMs, gracefulTimeoutMs } = this.#config;
    const since = performance.now();
    this.#lifecycle.phase = "draining";
    this.#manager.stopping(`${signal}: finishing ${this.#openConnections}`);
    const deadline = setTimeout(() => {
      this.#log.warning(
        `not everything ended within --graceful-timeout: cutting ${this.#openConnections}`,
      );
      this.#over?.resolve(0);
    }, gracefulTimeoutMs);
    if (drainDelayMs > 0) {
      this.#log.info(`${signal}: accepting goes on for ${drainDelayMs / 1000} s (--drain-delay)`);
      await delay(drainDelayMs);
    }
    this.#development?.drain();
    this.#pool.drain(since);
    await this.#front.stopListening();
    this.#log.info(`${signal}: finishing ${this.#openConnections}`);
    await this.#front.drain();
    // What remains of the time is for the workers' own ends: the pool holds them to it.
    clearTimeout(deadline);
    this.#pool.finish();
  }
}
