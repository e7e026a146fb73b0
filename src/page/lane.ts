// The lane of one worker: what it runs and for how long, what it ran in the last minute, and what it costs.

import type { WorkerDocument } from "../io/admin/documents.ts";
import { make, makeSvg, setClass, setText } from "./elements.ts";
import { bytesText, countText, timeText } from "./format.ts";
import { StackView } from "./stack-view.ts";
import { SLOW_SECONDS } from "./slow-requests.ts";

const MOST_OF_ONE_LOOK_MS = 2000;
const STRIP_SECONDS = 60;
const STRIP_HEIGHT = 10;
const STUCK_SECONDS = 10;
/** Rates of processor time come in ticks of 10 ms: over less time they jump. */
const RATE_SAMPLES = 5;

/** `brief`: it answered requests, but ran none when it was looked at. Each stands higher than the one before: who tells no colours apart sees that. */
const LEVELS = ["brief", "busy", "slow", "stuck"] as const;
type Level = (typeof LEVELS)[number];
const HEIGHTS: Readonly<Record<Level, number>> = { brief: 3, busy: 5, slow: 7.5, stuck: 10 };

interface Sample {
  readonly at: number;
  readonly level: Level | undefined;
  readonly served: number;
  readonly cpuSeconds: number;
}

/** As the head of the table names them, which narrow screens do not show. */
const NUMBERS = ["served", "per s", "memory", "CPU", "age"] as const;

export class Lane {
  readonly row = make("tr", "lane");
  readonly stackRow = make("tr", "stack-row");
  readonly stack: StackView;
  readonly #paths = LEVELS.map((level) => makeSvg("path", { class: level }));
  readonly #pid = make("small", "");
  readonly #state = make("span", "pill");
  readonly #running = make("td", "running");
  readonly #numbers = NUMBERS.map(numberCell);
  #samples: Sample[] = [];

  constructor(worker: number) {
    this.stack = new StackView(worker, () => {
      this.stackRow.hidden = !this.stack.isOpen;
    });
    this.stackRow.hidden = true;
    const name = make("th", "", make("b", "", String(worker)), " ", this.#pid, " ", this.#state);
    name.scope = "row";
    const viewBox = `0 0 ${STRIP_SECONDS} ${STRIP_HEIGHT}`;
    const attributes = { viewBox, preserveAspectRatio: "none", "aria-hidden": "true" };
    const strip = make("td", "strip", makeSvg("svg", attributes, ...this.#paths));
    const cells = [strip, this.#running, ...this.#numbers, make("td", "act", this.stack.button)];
    this.row.append(name, ...cells);
    const place = make("td", "", this.stack.place);
    place.colSpan = cells.length + 1;
    this.stackRow.append(place);
    for (const row of [this.row, this.stackRow]) row.setAttribute("role", "row");
    name.setAttribute("role", "rowheader");
    for (const cell of [...cells, place]) cell.setAttribute("role", "cell");
  }

  update(worker: WorkerDocument, now: number): void {
    const { served, cpuSeconds, pid, state, memoryBytes } = worker;
    const level = levelOf(worker, served > (this.#samples.at(-1)?.served ?? served));
    // The server's clock was put back.
    if ((this.#samples.at(-1)?.at ?? now) > now) this.#samples = [];
    const oldest = this.#samples.at(-RATE_SAMPLES) ?? this.#samples[0];
    this.#samples.push({ at: now, level, served, cpuSeconds: cpuSeconds ?? 0 });
    while ((this.#samples[0]?.at ?? Infinity) < now - STRIP_SECONDS * 1000) this.#samples.shift();
    setText(this.#pid, pid === null ? "" : `pid ${pid}`);
    setText(this.#state, state === "ready" ? "" : state);
    setClass(this.#state, `pill ${state}`);
    setClass(this.row, `lane ${level ?? "idle"}`);
    this.#drawStrip(now);
    this.#showRunning(worker);
    const seconds = oldest === undefined ? 0 : (now - oldest.at) / 1000;
    const perSecond = (value: number, before: number): number =>
      seconds > 0 ? Math.max(0, value - before) / seconds : 0;
    const texts = [
      countText(served),
      countText(perSecond(served, oldest?.served ?? served)),
      memoryBytes === null ? "–" : bytesText(memoryBytes),
      cpuSeconds === null
        ? "–"
        : `${Math.round(100 * perSecond(cpuSeconds, oldest?.cpuSeconds ?? cpuSeconds))} %`,
      timeText(Math.floor(worker.ageSeconds)),
    ];
    for (const [index, text] of texts.entries()) {
      const cell = this.#numbers[index];
      if (cell !== undefined) setText(cell, text);
    }
  }

  #drawStrip(now: number): void {
    const paths = new Map<Level, string>();
    for (const [index, { at, level }] of this.#samples.entries()) {
      if (level === undefined) continue;
      const last = this.#samples[index - 1]?.at ?? at - 1000;
      // While nobody looked: a count tells of all of it, what runs now of now alone.
      const before = level === "brief" ? last : Math.max(last, at - MOST_OF_ONE_LOOK_MS);
      const left = STRIP_SECONDS - (now - before) / 1000;
      const width = (at - before) / 1000;
      const top = STRIP_HEIGHT - HEIGHTS[level];
      const cell = `M${left.toFixed(2)} ${STRIP_HEIGHT}V${top}h${width.toFixed(2)}V${STRIP_HEIGHT}z`;
      paths.set(level, (paths.get(level) ?? "") + cell);
    }
    for (const [index, level] of LEVELS.entries())
      this.#paths[index]?.setAttribute("d", paths.get(level) ?? "");
  }

  #showRunning({ threads }: WorkerDocument): void {
    const running = threads.filter((thread) => thread.running !== null || thread.isPaused);
    if (running.length === 0) {
      if (this.#running.firstElementChild?.className !== "idle")
        this.#running.replaceChildren(make("span", "idle", "idle"));
      return;
    }
    this.#running.replaceChildren(
      ...running.map(({ running: request, isPaused, inHand }) => {
        const line = make("div", "request");
        if (request !== null) {
          line.append(...requestParts(request));
          line.append(
            make("span", timeClass(request.runningSeconds), timeText(request.runningSeconds)),
          );
        }
        if (isPaused) line.append(make("span", "note", "its client reads slowly"));
        if (inHand > 1) line.append(make("span", "note", `${inHand - 1} more in hand`));
        return line;
      }),
    );
  }
}

function numberCell(label: string): HTMLElement {
  const cell = make("td", "number");
  cell.dataset["label"] = label;
  return cell;
}

/** Method and path, as text whatever stands in them. */
export function requestParts({ method, path }: { method: string; path: string }): HTMLElement[] {
  const target = make("bdi", "path", path);
  target.title = path;
  return [make("b", "method", method), target];
}

function timeClass(seconds: number): string {
  if (seconds >= STUCK_SECONDS) return "time stuck";
  return seconds >= SLOW_SECONDS ? "time slow" : "time";
}

function levelOf({ threads }: WorkerDocument, hasServed: boolean): Level | undefined {
  const longest = Math.max(-1, ...threads.map(({ running }) => running?.runningSeconds ?? -1));
  if (longest >= STUCK_SECONDS) return "stuck";
  if (longest >= SLOW_SECONDS) return "slow";
  if (longest >= 0) return "busy";
  return hasServed ? "brief" : undefined;
}
