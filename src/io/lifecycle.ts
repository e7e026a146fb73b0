// Where the server stands between its start and its end: set by the server, read by whoever tells others (readiness, the service manager).

/**
 * starting: no worker was ever ready. serving: one was. draining: it has been told to end and finishes what runs; readiness fails from
 * here on, while connections are still accepted for --drain-delay.
 */
export type Phase = "starting" | "serving" | "draining";

export interface Lifecycle {
  phase: Phase;
}
