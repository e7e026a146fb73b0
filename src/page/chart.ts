// One chart of the last minutes: series over time as steps, since each point tells of the time from the one before it. Knows no figures but by
// what it is given to read them.

import { make, makeSvg, setText } from "./elements.ts";
import { type Point, SPAN_MS } from "./figures.ts";

const WIDTH = 600;
const HEIGHT = 100;

export interface Series {
  /** Of the stylesheet. */
  readonly className: string;
  readonly kind: "area" | "line";
  readonly read: (point: Point) => number | undefined;
}

export interface ChartOptions {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Those behind come first. */
  readonly series: readonly Series[];
  readonly scale: Scale;
  /** The pointer is over this share of the width, from 0 to 1; undefined: it has left. */
  onPick(share: number | undefined): void;
}

/** Where values stand: 0 below, 1 above. */
export interface Scale {
  /** Looks at what is to be drawn. */
  fit(points: readonly Point[]): void;
  place(value: number): number;
  /** Values that get a line, with their text. */
  ticks(): readonly { readonly value: number; readonly text: string }[];
}

export class Chart {
  readonly #options: ChartOptions;
  readonly #svg: SVGSVGElement;
  readonly #paths: SVGPathElement[];
  readonly #grid = makeSvg("path", { class: "grid" });
  readonly #cursor = makeSvg("path", { class: "cursor" });
  readonly #labels = make("div", "ticks");
  #now = 0;

  constructor(parent: Element, options: ChartOptions) {
    this.#options = options;
    this.#paths = options.series.map(({ className, kind }) =>
      makeSvg("path", { class: `${className} ${kind}` }),
    );
    const viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
    this.#svg = makeSvg(
      "svg",
      { viewBox, preserveAspectRatio: "none", role: "img", "aria-label": options.label },
      this.#grid,
      ...this.#paths,
      this.#cursor,
    );
    const times = make("div", "times", make("span", "", "5 min ago"), make("span", "now", "now"));
    times.setAttribute("aria-hidden", "true");
    this.#labels.setAttribute("aria-hidden", "true");
    parent.append(make("div", "chart", this.#svg, this.#labels), times);
    this.#svg.addEventListener("pointermove", (event) => {
      const { left, width } = this.#svg.getBoundingClientRect();
      options.onPick((event.clientX - left) / width);
    });
    this.#svg.addEventListener("pointerleave", () => options.onPick(undefined));
  }

  draw(points: readonly Point[], now: number): void {
    const { scale, series } = this.#options;
    this.#now = now;
    scale.fit(points);
    for (const [index, { kind, read }] of series.entries()) {
      this.#paths[index]?.setAttribute("d", this.#path(points, kind, read));
    }
    const ticks = scale.ticks();
    const lines = ticks.map(({ value }) => `M0 ${this.#y(value)}H${WIDTH}`);
    this.#grid.setAttribute("d", lines.join(""));
    while (this.#labels.children.length < ticks.length) this.#labels.append(make("span", ""));
    for (const [index, child] of [...this.#labels.children].entries()) {
      const tick = ticks[index];
      setText(child, tick?.text ?? "");
      if (tick === undefined || !(child instanceof HTMLElement)) continue;
      child.style.top = `${this.#y(tick.value)}%`;
    }
  }

  /** A line through this moment; undefined: none. */
  mark(at: number | undefined): void {
    this.#cursor.setAttribute("d", at === undefined ? "" : `M${this.#x(at)} 0V${HEIGHT}`);
  }

  #path(points: readonly Point[], kind: Series["kind"], read: Series["read"]): string {
    let path = "";
    let end: number | undefined;
    for (const point of points) {
      const value = read(point);
      const isApart = end !== point.since;
      if ((value === undefined || isApart) && end !== undefined) {
        if (kind === "area") path += `V${HEIGHT}Z`;
        end = undefined;
      }
      if (value === undefined) continue;
      const y = this.#y(value);
      const start =
        end === undefined ? `M${this.#x(point.since)} ${kind === "area" ? HEIGHT : y}` : "";
      path += `${start}V${y}H${this.#x(point.at)}`;
      end = point.at;
    }
    return end !== undefined && kind === "area" ? `${path}V${HEIGHT}Z` : path;
  }

  #x(at: number): number {
    const share = 1 - (this.#now - at) / SPAN_MS;
    return Math.round(Math.max(0, share) * WIDTH * 10) / 10;
  }

  #y(value: number): number {
    const share = Math.max(0, Math.min(1, this.#options.scale.place(value)));
    return Math.round((1 - share) * HEIGHT * 10) / 10;
  }
}
