// The four figures over the last minutes, as numbers and as charts. The numbers are of now, or of the moment under the pointer.

import type { Snapshot } from "../io/admin/documents.ts";
import { Chart, type ChartOptions, type Series } from "./chart.ts";
import { byId, make, setText } from "./elements.ts";
import { type Bands, type Point, Recent, SPAN_MS } from "./figures.ts";
import { clockText, countText, timeText } from "./format.ts";
import { linearScale, timeScale } from "./scales.ts";

interface Shown {
  readonly point: Point | undefined;
  readonly snapshot: Snapshot;
  /** Not of now. */
  readonly isPast: boolean;
}

/** Name, class of its key in the chart, and its text. */
type Row = readonly [name: string, className: string, text: (shown: Shown) => string];

export class FiguresView {
  readonly #recent = new Recent();
  readonly #charts: Chart[] = [];
  readonly #rows: { readonly row: Row; readonly element: HTMLElement }[] = [];
  #snapshot: Snapshot | undefined;
  /** Where the pointer is: what stands there moves on with time. */
  #pickedShare: number | undefined;

  constructor() {
    this.#addRate();
    this.#addTime("application-time", "Time in the application", (point) => point.applicationTime);
    this.#addTime("queue-time", "Time in the queue", (point) => point.queueTime);
    this.#addQueue();
  }

  update(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#recent.add(snapshot);
    for (const chart of this.#charts) chart.draw(this.#recent.points, snapshot.at);
    this.#showNumbers();
  }

  #addRate(): void {
    const series: Series[] = [
      { className: "main", kind: "area", read: (point) => point.requests },
      {
        className: "warn",
        kind: "area",
        read: (point) => some(point.clientErrors + point.serverErrors),
      },
      { className: "bad", kind: "area", read: (point) => some(point.serverErrors) },
    ];
    this.#add("rate", "Requests per second", series, linearScale(series, 10), [
      ["all", "main", ({ point }) => countText(point?.requests ?? 0)],
      ["4xx", "warn", ({ point }) => countText(point?.clientErrors ?? 0)],
      ["5xx", "bad", ({ point }) => countText(point?.serverErrors ?? 0)],
    ]);
  }

  #addTime(id: string, label: string, read: (point: Point) => Bands | undefined): void {
    const names = ["p99", "p90", "p50"] as const;
    const series: Series[] = names.map((name) => ({
      className: name,
      kind: "area",
      read: (point) => read(point)?.[name],
    }));
    const rows = names.toReversed().map((name): Row => [
      name,
      name,
      ({ point }) => {
        const bands = point && read(point);
        return bands === undefined ? "–" : bandText(bands[name], bands);
      },
    ]);
    this.#add(id, label, series, timeScale(), rows);
  }

  #addQueue(): void {
    const series: Series[] = [
      { className: "warn", kind: "area", read: (point) => some(point.waiting) },
      { className: "main", kind: "line", read: (point) => point.busyThreads },
    ];
    const label = "Requests that wait, and busy worker threads";
    this.#add("queue", label, series, linearScale(series, 2), [
      [
        "waiting",
        "warn",
        ({ point, snapshot }) => countText((point ?? snapshot.status.queue).waiting),
      ],
      [
        "oldest",
        "",
        ({ snapshot, isPast }) => {
          const { waiting, oldestAgeSeconds } = snapshot.status.queue;
          return isPast || waiting === 0 ? "–" : timeText(oldestAgeSeconds);
        },
      ],
      [
        "busy threads",
        "main",
        ({ point, snapshot }) => {
          const { busyThreads, threads } = point ?? snapshot.status.queue;
          return `${busyThreads} of ${threads}`;
        },
      ],
    ]);
  }

  #add(
    id: string,
    label: string,
    series: readonly Series[],
    scale: ChartOptions["scale"],
    rows: readonly Row[],
  ): void {
    const list = byId(id);
    for (const row of rows) {
      const [name, className] = row;
      const element = make("dd", "");
      list.append(make("div", `key ${className}`, make("dt", "", name), element));
      this.#rows.push({ row, element });
    }
    const onPick = (share: number | undefined): void => {
      this.#pickedShare = share;
      this.#showNumbers();
    };
    const named = `${label} over the last 5 minutes`;
    this.#charts.push(new Chart(byId(`${id}-chart`), { label: named, series, scale, onPick }));
  }

  #showNumbers(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    const { points } = this.#recent;
    const share = this.#pickedShare;
    const at = share === undefined ? Infinity : snapshot.at - SPAN_MS * (1 - share);
    const picked = points.find((point) => point.at >= at);
    const isPast = picked !== undefined;
    const point = picked ?? points.at(-1);
    for (const { row, element } of this.#rows)
      setText(element, row[2]({ point, snapshot, isPast }));
    for (const chart of this.#charts) chart.mark(picked?.at);
    for (const note of document.querySelectorAll(".now"))
      setText(note, picked === undefined ? "now" : clockText(picked.at));
  }
}

/** Nothing is drawn for 0, not even a line. */
function some(value: number): number | undefined {
  return value > 0 ? value : undefined;
}

function bandText(seconds: number, { most }: Bands): string {
  return seconds > most ? `> ${timeText(most)}` : timeText(seconds);
}
