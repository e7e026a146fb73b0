// What the server is held to, and how far a full run got. Pure: summaries in, rows of a table out. Measured on the server at its default
// settings (access log on), against the peers at theirs and without a scheduling policy of ours.

import { isUnderBatch } from "./servers.ts";
import { FIGURES, type Figure, referenceOf, type Summary } from "./table.ts";

const OWN = "rickhouse";
/** The bare C limit, without time-outs and limits: shown, but no measure of a server's requests per second. */
const BARE = "bjoern";
const FRAMEWORKS = ["flask", "django", "pyramid"];

interface Goal {
  readonly what: string;
  /** At most this, or with `atLeast` at least. */
  readonly goal: number;
  readonly stretch: number;
  readonly atLeast?: true;
  readonly unit: "x" | "%" | "ms" | "s";
  readonly valueOf: (run: Run) => number;
}

/** Looks up figures of a run; NaN for what was not measured. */
class Run {
  readonly #summaries: readonly Summary[];

  constructor(summaries: readonly Summary[]) {
    this.#summaries = summaries.filter(({ server }) => !isUnderBatch(server));
  }

  own(workload: string, figure: Figure): number {
    return this.of(OWN, workload, figure);
  }

  of(server: string, workload: string, figure: Figure): number {
    const row = this.#rows(workload).find((one) => one.server === server);
    return row?.figures[figure] ?? Number.NaN;
  }

  /** Of Granian, the better setting. */
  reference(workload: string, figure: Figure): number {
    const value = referenceOf(this.#rows(workload), figure);
    return Number.isFinite(value) ? value : Number.NaN;
  }

  bestPeer(workload: string, figure: Figure, isBareCounted: boolean): number {
    const values = this.#rows(workload)
      .filter(({ server }) => !server.startsWith(OWN) && (isBareCounted || server !== BARE))
      .flatMap(({ figures }) => figures[figure] ?? []);
    if (values.length === 0) return Number.NaN;
    return FIGURES[figure].better === "more" ? Math.max(...values) : Math.min(...values);
  }

  #rows(workload: string): Summary[] {
    return this.#summaries.filter((row) => row.workload === workload);
  }
}

const CPU = "cpuUsPerRequest";

/** CPU per request as a multiple of a peer's: one goal for each of these workloads. */
function cpuGoal(
  what: string,
  workloads: readonly string[],
  peerOf: (run: Run, workload: string) => number,
  [goal, stretch]: readonly [number, number],
): Goal[] {
  return workloads.map((workload) => ({
    what: `${workload}: CPU per request, ${what}`,
    goal,
    stretch,
    unit: "x",
    valueOf: (run) => run.own(workload, CPU) / peerOf(run, workload),
  }));
}

const better = (run: Run, workload: string): number => run.reference(workload, CPU);
const defaults = (run: Run, workload: string): number => run.of("granian", workload, CPU);
const sync = (run: Run, workload: string): number => run.of("gunicorn sync", workload, CPU);

export const GOALS: readonly Goal[] = [
  ...cpuGoal("of Granian's better setting", ["hello"], better, [1.1, 1]),
  ...cpuGoal("of Granian's better setting", FRAMEWORKS, better, [1.05, 0.95]),
  ...cpuGoal("of Granian's defaults", FRAMEWORKS, defaults, [0.85, 0.75]),
  ...cpuGoal("of gunicorn sync", FRAMEWORKS, sync, [0.45, 0.4]),
  ...FRAMEWORKS.flatMap((workload): Goal[] => [
    {
      what: `${workload}: requests/s, of the best peer but bjoern`,
      goal: 1,
      stretch: 1.1,
      atLeast: true,
      unit: "x",
      valueOf: (run) =>
        run.own(workload, "requestsPerSecond") / run.bestPeer(workload, "requestsPerSecond", false),
    },
    {
      what: `${workload}: p99, of the best peer`,
      goal: 1,
      stretch: 0.9,
      unit: "x",
      valueOf: (run) => run.own(workload, "p99Ms") / run.bestPeer(workload, "p99Ms", true),
    },
  ]),
  ...["4", "16", "64"].flatMap((sleeping): Goal[] => [
    {
      what: `16 fast beside ${sleeping} that sleep: p99 of the fast`,
      goal: 5,
      stretch: 2,
      unit: "ms",
      valueOf: (run) => run.own(`mixed-${sleeping}`, "p99Ms"),
    },
    {
      what: `16 fast beside ${sleeping} that sleep: requests/s kept`,
      goal: 75,
      stretch: 90,
      atLeast: true,
      unit: "%",
      valueOf: (run) => run.own(`mixed-${sleeping}`, "keptPercent"),
    },
  ]),
  {
    what: "burst of 200 x 100 ms",
    goal: 2,
    stretch: 1.5,
    unit: "s",
    valueOf: (run) => run.own("burst", "seconds"),
  },
  {
    what: "4,000 idle connections: requests/s kept",
    goal: 90,
    stretch: 100,
    atLeast: true,
    unit: "%",
    valueOf: (run) => run.own("idle-4000", "keptPercent"),
  },
  {
    what: "400 half-sent requests: requests/s kept",
    goal: 95,
    stretch: 100,
    atLeast: true,
    unit: "%",
    valueOf: (run) => run.own("half-400", "keptPercent"),
  },
  ...["down", "up"].map((workload): Goal => ({
    what: `1 MiB ${workload}: bytes/s, of the best peer`,
    goal: 1,
    stretch: 1.1,
    atLeast: true,
    unit: "x",
    valueOf: (run) =>
      run.own(workload, "mibPerSecond") / run.bestPeer(workload, "mibPerSecond", true),
  })),
  {
    what: "Connection: close: requests/s, of Granian's better setting",
    goal: 1,
    stretch: 1.1,
    atLeast: true,
    unit: "x",
    valueOf: (run) =>
      run.own("close", "requestsPerSecond") / run.reference("close", "requestsPerSecond"),
  },
  {
    what: "memory, 8 Django workers: PSS, of gunicorn without preload",
    goal: 0.6,
    stretch: 0.5,
    unit: "x",
    valueOf: (run) => run.own("memory", "pssMib") / run.of("gunicorn sync", "memory", "pssMib"),
  },
  {
    what: "start to first answer: more than gunicorn",
    goal: 150,
    stretch: 50,
    unit: "ms",
    valueOf: (run) => run.own("start", "startMs") - run.of("gunicorn sync", "start", "startMs"),
  },
];

/** A row for each goal of which the run has the figures: what, goal, stretch, measured, verdict. */
export function goalRows(summaries: readonly Summary[]): string[][] {
  const run = new Run(summaries);
  const rows = GOALS.flatMap((goal) => {
    const value = goal.valueOf(run);
    if (!Number.isFinite(value)) return [];
    const texts = [goal.goal, goal.stretch, value].map((number) => amount(number, goal.unit));
    return [[goal.what, ...texts, verdictOf(goal, value)]];
  });
  return [["", "goal", "stretch", "measured", ""], ...rows];
}

function verdictOf({ goal, stretch, atLeast }: Goal, value: number): string {
  const reaches = (mark: number): boolean => (atLeast === true ? value >= mark : value <= mark);
  if (reaches(stretch)) return "stretch reached";
  return reaches(goal) ? "reached" : "missed";
}

const DIGITS: Readonly<Record<Goal["unit"], number>> = { x: 2, "%": 0, ms: 1, s: 2 };

function amount(value: number, unit: Goal["unit"]): string {
  const number = value.toFixed(Number.isInteger(value) && unit !== "x" ? 0 : DIGITS[unit]);
  return `${number} ${unit}`;
}
