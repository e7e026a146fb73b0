// What became of the requests of a soak that got no answer of the application: which of them the design allows, by the server's own log.
// It allows one kind: a safe request is started twice at most, so one whose worker is killed in both runs is answered with 502. Pure.

export interface Failure {
  readonly what: string;
  /** What the server's log says of that request. */
  readonly log: readonly string[];
}

export interface Verdict {
  /** Answered with 502, and the run itself had killed the worker of each of their two runs. */
  readonly killedTwice: number;
  readonly failures: readonly Failure[];
}

export interface Evidence {
  /** As startPoliteLoad() tells them: the first line of the answer, and the id of the request in brackets. */
  readonly unanswered: readonly string[];
  readonly log: string;
  /** The pids to which the run has sent SIGKILL. */
  readonly killed: ReadonlySet<number>;
}

/** Of one request (docs/workers.md, "Crashes and hangs"). */
const RUNS = 2;
/** Sent by the run, so nothing else may stand between the signal and the request: "(out of memory: ...)", say. */
const KILLED = /worker \d+ \(pid (\d+)\) ended by SIGKILL while it ran \S+ \S+ \[/;

export function verdictOf({ unanswered, log, killed }: Evidence): Verdict {
  const lines = unanswered.length === 0 ? [] : log.split("\n");
  const judged = unanswered.map((what): Failure => {
    const id = /\[\S+\]$/.exec(what)?.[0];
    return { what, log: id === undefined ? [] : lines.filter((line) => line.includes(id)) };
  });
  const failures = judged.filter((failure) => !isKilledTwice(failure, killed));
  return { killedTwice: judged.length - failures.length, failures };
}

function isKilledTwice({ what, log }: Failure, killed: ReadonlySet<number>): boolean {
  if (!what.startsWith("HTTP/1.1 502 ")) return false;
  const pids = log.map((line) => Number(KILLED.exec(line)?.[1]));
  return (
    pids.length === RUNS && new Set(pids).size === RUNS && pids.every((pid) => killed.has(pid))
  );
}

/** The second run of a request that takes 2 ms takes no longer than this, on a busy machine too. */
const LONGEST_RUN_MS = 20;

/**
 * More than this is no chance any more. A kill that meets a request sends it into its second run; there the next kill meets it if it
 * comes within that run and picks that worker. Twice what is to be expected of that, and one.
 */
export function mostKilledTwice(
  kills: number,
  { killEveryMs, workers }: { readonly killEveryMs: number; readonly workers: number },
): number {
  const expected = kills * Math.min(1, LONGEST_RUN_MS / killEveryMs) * (1 / workers);
  return 1 + Math.ceil(2 * expected);
}
