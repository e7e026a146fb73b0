// Where values stand in a chart. Pure.

import type { Scale, Series } from "./chart.ts";
import { countText } from "./format.ts";

const ROUND = [1, 2, 2.5, 5, 10];

/** From 0 to a round number above the largest value that is drawn. */
export function linearScale(series: readonly Series[], least: number): Scale {
  let top = least;
  return {
    fit(points) {
      let largest = least;
      for (const point of points)
        for (const { read } of series) largest = Math.max(largest, read(point) ?? 0);
      top = roundAbove(largest);
    },
    place: (value) => value / top,
    ticks: () => [
      { value: top, text: countText(top) },
      { value: top / 2, text: Number.isInteger(top / 2) || top < 10 ? countText(top / 2) : "" },
    ],
  };
}

/** 1, 2, 2.5 or 5 times a power of ten. */
export function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (ROUND.find((factor) => factor * power >= value * 0.999) ?? 10) * power;
}

const SHORTEST = 0.0005;
const LONGEST = 30;

/** Seconds, by powers of ten, always the same: that a line is high means the same on each day. */
export function timeScale(): Scale {
  const decades = Math.log10(LONGEST / SHORTEST);
  return {
    fit() {},
    place: (seconds) => Math.log10(Math.max(seconds, SHORTEST) / SHORTEST) / decades,
    ticks: () => [
      { value: 0.001, text: "1 ms" },
      { value: 0.01, text: "" },
      { value: 0.1, text: "100 ms" },
      { value: 1, text: "" },
      { value: 10, text: "10 s" },
    ],
  };
}
