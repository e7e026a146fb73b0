// The status document -> what `rickhouse status` prints. Pure.

import type { StatusDocument, WorkerDocument } from "../../io/admin/documents.ts";
import { memoryText, printable, table, timeText } from "./table.ts";

export function statusText(status: StatusDocument): string {
  const { queue, connections, requests } = status;
  const state = status.ready ? status.state : `${status.state} (${status.reason ?? ""})`;
  const lines = [
    `${status.application}: ${state}, up ${timeText(status.uptimeSeconds)}, process ${status.pid}, rickhouse ${status.version}, Python ${status.python}`,
    `at ${status.listeners.join(" and ")}`,
    "",
    `requests     ${requests.total} (${countsText(requests.byStatus)})`,
    `queue        ${queue.waiting} of ${queue.max} wait, the oldest for ${timeText(queue.oldestAgeSeconds)}; ${queue.busyThreads} of ${queue.threads} worker threads busy`,
    `connections  ${connections.open} of ${connections.max} open (${countsText(connections.byState)})`,
    "",
  ];
  const tail = [
    ...status.deaths.map(
      ({ at, worker, pid, how, request }) =>
        `${at}  worker ${worker} (pid ${pid ?? "-"}) ended: ${how}${request === null ? "" : ` while it ran ${request}`}`,
    ),
    ...status.reloads.map(({ at, generation, outcome, error, tookMs }) => {
      const reload = generation === null ? "reload" : `reload of generation ${generation}`;
      return `${at}  ${reload} ${outcome}${error === null ? "" : `: ${error}`} (${tookMs} ms)`;
    }),
  ].toSorted((a, b) => b.localeCompare(a));
  const events = tail.length === 0 ? "" : `\n${tail.join("\n")}\n`;
  return printable(`${lines.join("\n")}\n${table(workerRows(status.workers))}${events}`);
}

function workerRows(workers: readonly WorkerDocument[]): string[][] {
  const head = ["worker", "pid", "gen", "state", "age", "served", "memory", "cpu", "running"];
  const rows = workers.map((worker) => [
    String(worker.worker),
    String(worker.pid ?? "-"),
    String(worker.generation),
    worker.state,
    timeText(worker.ageSeconds),
    String(worker.served),
    memoryText(worker.proportionalMemoryBytes ?? worker.memoryBytes),
    worker.cpuSeconds === null ? "-" : timeText(worker.cpuSeconds),
    runningText(worker),
  ]);
  return [head, ...rows];
}

function runningText({ threads }: WorkerDocument): string {
  const running = threads.flatMap(({ running: request }) => request ?? []);
  if (running.length === 0) return "(idle)";
  return running
    .map(({ method, path, runningSeconds }) => `${method} ${path} for ${timeText(runningSeconds)}`)
    .join(", ");
}

/** Those that are not 0. */
function countsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).flatMap(([name, count]) =>
    count === 0 ? [] : `${name}: ${count}`,
  );
  return parts.length === 0 ? "none" : parts.join(", ");
}
