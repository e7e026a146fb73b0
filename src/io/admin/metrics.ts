// The server's own figures as families: counters are taken from core/metrics and gauges from real state when a scrape comes, never before.
// docs/metrics.md has every one; a test compares it with what is really sent.

import type { WorkerState } from "../../core/workers/state.ts";
import { END_CAUSES, RELOAD_ENDS } from "../../core/metrics/figures.ts";
import { histogramSamples, type Family, type Sample } from "../../core/metrics/exposition.ts";
import type { Histogram } from "../../core/metrics/histogram.ts";
import { CONNECTION_PHASES, type ConnectionsStatus } from "../net/connections-status.ts";
import type { PoolStatus } from "../workers/pool-status.ts";
import type { LoopDelay } from "./event-loop-delay.ts";
import type { ProcessFigures } from "../process-figures.ts";
import { unreadiness, type AdminSubject } from "./subject.ts";

const MS = 0.001;
/** A gauge each, that is 0 where there is none: as many lines as states. */
const WORKER_STATES = Object.keys({
  starting: true,
  ready: true,
  recycled: true,
  retiring: true,
  aborting: true,
  killed: true,
} satisfies Record<Exclude<WorkerState, "gone"> | "recycled", true>);

/** What one scrape is answered from: everything of one moment. */
export interface Scrape {
  readonly subject: AdminSubject;
  readonly pool: PoolStatus;
  readonly connections: ConnectionsStatus;
  /** Of the front and the workers, by pid. */
  readonly processes: ReadonlyMap<number, ProcessFigures>;
  readonly loop: LoopDelay;
  /** Of workers that were gone before the others were looked at. */
  readonly endedCpuSeconds: number;
}

export function ownFamilies(scrape: Scrape): Family[] {
  return [
    ...requestFamilies(scrape),
    ...connectionFamilies(scrape),
    ...queueFamilies(scrape),
    ...workerFamilies(scrape),
    ...processFamilies(scrape),
  ];
}

function requestFamilies({ subject }: Scrape): Family[] {
  const { figures } = subject;
  return [
    counter(
      "requests_total",
      "Requests that are over: answered by the application, or refused by the server.",
      figures.statuses().map(([status, value]) => ({
        value,
        labels: { class: `${Math.floor(status / 100)}xx`, code: status },
      })),
    ),
    counter(
      "health_probes_total",
      "Probes of --health-path that were answered; they are no requests here.",
      figures.healthProbes,
    ),
    histogram(
      "request_duration_seconds",
      "From the whole request to the last byte that was handed to the connection.",
      figures.totalTime,
    ),
    histogram(
      "queue_duration_seconds",
      "How long a request waited before it ran, or before --queue-timeout gave it up.",
      figures.queueTime,
    ),
    histogram(
      "application_duration_seconds",
      "How long the application ran for a request, by its worker's measure, or until that ended.",
      figures.applicationTime,
    ),
  ];
}

function connectionFamilies({ subject, connections }: Scrape): Family[] {
  const { figures } = subject;
  const { byPhase } = connections;
  return [
    gauge(
      "connections",
      "Open connections by state.",
      CONNECTION_PHASES.map((state) => ({ value: byPhase[state], labels: { state } })),
    ),
    gauge("connections_max", "As many may be open.", connections.max),
    counter("connections_accepted_total", "Connections accepted.", figures.connectionsAccepted),
    counter(
      "connections_dropped_total",
      "Connections closed at once because as many were open as may be.",
      figures.connectionsDropped,
    ),
    counter("received_bytes_total", "Bytes received from clients.", connections.bytesIn),
    counter("sent_bytes_total", "Bytes sent to clients.", connections.bytesOut),
  ];
}

function queueFamilies({ subject, pool }: Scrape): Family[] {
  const { figures, config } = subject;
  return [
    gauge(
      "queue_requests",
      "Requests that wait for a worker, or for a moment for room in the queue.",
      pool.waiting,
    ),
    gauge("queue_requests_max", "As many may wait (--queue-length).", config.queueLength),
    gauge(
      "queue_oldest_seconds",
      "How long the request that waits longest has waited; 0 when none waits.",
      pool.oldestAgeMs * MS,
    ),
    gauge("worker_threads", "Worker threads that can be given requests.", pool.threads),
    gauge("worker_threads_busy", "Those of them that run a request.", pool.busyThreads),
    counter(
      "withdrawals_total",
      "Times that requests were taken back from behind a slow one.",
      figures.withdrawals,
    ),
    counter(
      "withdrawn_requests_total",
      "Requests that were taken back, for another worker.",
      figures.requestsWithdrawn,
    ),
  ];
}

function workerFamilies({ subject, pool, processes, endedCpuSeconds }: Scrape): Family[] {
  const { figures } = subject;
  const each = (read: (figures: ProcessFigures) => number | undefined): Sample[] =>
    pool.workers.flatMap(({ worker, pid }) => {
      const found = processes.get(pid ?? 0);
      const value = found && read(found);
      return value === undefined ? [] : [{ value, labels: { worker } }];
    });
  const cpu = each(({ cpuSeconds }) => cpuSeconds);
  const livingCpu = cpu.reduce((sum, { value }) => sum + value, 0);
  return [
    gauge(
      "workers",
      "Worker processes by state.",
      WORKER_STATES.map((state) => ({
        value: pool.workers.filter((worker) => worker.state === state).length,
        labels: { state },
      })),
    ),
    gauge("workers_wanted", "Workers that are to serve.", pool.target),
    counter("workers_started_total", "Workers that were forked.", figures.workersForked),
    counter(
      "worker_deaths_total",
      "Workers that ended without having been asked to go.",
      END_CAUSES.map((cause) => ({ value: figures.deaths[cause], labels: { cause } })),
    ),
    counter(
      "reloads_total",
      "Reloads of the application.",
      RELOAD_ENDS.map((outcome) => ({ value: figures.reloads[outcome], labels: { outcome } })),
    ),
    gauge(
      "worker_resident_memory_bytes",
      "Memory of a worker, what it shares with others included.",
      each(({ rssBytes }) => rssBytes),
    ),
    gauge(
      "worker_proportional_memory_bytes",
      "Memory of a worker, with shared pages divided among those that share them.",
      each(({ pssBytes }) => pssBytes),
    ),
    counter("worker_cpu_seconds_total", "Processor time of a worker.", cpu),
    counter(
      "workers_cpu_seconds_total",
      "Processor time of all workers, those that are gone included.",
      figures.cpuSeconds(livingCpu, endedCpuSeconds),
    ),
  ];
}

function processFamilies({ subject, pool, processes, loop }: Scrape): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge("info", "Always 1; the labels tell the versions.", [
      { value: 1, labels: { version: subject.version, python: pool.python } },
    ]),
    gauge(
      "ready",
      "1 when requests should be sent here, as /readyz says; 0 otherwise.",
      unreadiness(subject) === undefined ? 1 : 0,
    ),
    gauge(
      "start_time_seconds",
      "When the server was started, in seconds since 1970.",
      subject.startedAt * MS,
    ),
    gauge(
      "front_resident_memory_bytes",
      "Memory of the front.",
      processes.get(process.pid)?.rssBytes ?? process.memoryUsage.rss(),
    ),
    counter("front_cpu_seconds_total", "Processor time of the front.", (user + system) / 1e6),
    gauge(
      "front_event_loop_delay_seconds",
      "How late the front's event loop came to what was due, in the last seconds.",
      [
        { value: loop.p50Ms * MS, labels: { quantile: "0.5" } },
        { value: loop.p99Ms * MS, labels: { quantile: "0.99" } },
        { value: loop.maxMs * MS, labels: { quantile: "1" } },
      ],
    ),
  ];
}

function counter(name: string, help: string, value: number | readonly Sample[]): Family {
  return { name: `rickhouse_${name}`, type: "counter", help, samples: samplesOf(value) };
}

function gauge(name: string, help: string, value: number | readonly Sample[]): Family {
  return { name: `rickhouse_${name}`, type: "gauge", help, samples: samplesOf(value) };
}

function histogram(name: string, help: string, source: Histogram): Family {
  const samples = histogramSamples(source, MS);
  return { name: `rickhouse_${name}`, type: "histogram", help, samples };
}

function samplesOf(value: number | readonly Sample[]): readonly Sample[] {
  return typeof value === "number" ? [{ value }] : value;
}
