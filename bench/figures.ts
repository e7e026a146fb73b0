// What counting costs for one request: everything that core/metrics is told of it. Usage: node bench/figures.ts

import { Figures } from "../src/core/metrics/figures.ts";

const ROUNDS = 7;
const REQUESTS = 2_000_000;

/** Times in milliseconds as a mixed load has them: mostly quick, some slow. */
const TIMES = Float64Array.from(
  { length: 1024 },
  (_, index) => (index % 17 === 0 ? 180 : 0.3) + (index % 7),
);

function nanosecondsPerRequest(): number {
  const figures = new Figures();
  const exchange = { startedAt: 0, queuedAt: 0, runMs: 0 };
  const startedAt = performance.now();
  for (let index = 0; index < REQUESTS; index++) {
    const time = TIMES[index & 1023] ?? 0;
    exchange.startedAt = time;
    exchange.runMs = time;
    figures.answered(exchange);
    figures.requestOver(200);
    figures.totalTime.observe(time);
  }
  const tookMs = performance.now() - startedAt;
  if (figures.totalTime.count !== REQUESTS) throw new Error("not all were counted");
  return (tookMs * 1e6) / REQUESTS;
}

const results = Array.from({ length: ROUNDS }, nanosecondsPerRequest).toSorted((a, b) => a - b);
console.log(
  `${results[ROUNDS >> 1]?.toFixed(0)} ns a request (${results.map((ns) => ns.toFixed(0)).join(" ")})`,
);
