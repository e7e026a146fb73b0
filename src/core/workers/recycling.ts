// When a worker has served long enough: requests, memory and age against the limits of the operator. Decides that a
// worker is worn; that it serves on until its successor is ready is the registry's business. Knows no clock, no process.

/** Zero: no such limit. */
export interface RecyclingLimits {
  readonly maxRequests: number;
  /** Each worker's own limit is above `maxRequests` by a random number up to this one, so that not all are worn at once. */
  readonly maxRequestsJitter: number;
  /** Proportional set size: its own pages and its share of those that it shares. */
  readonly maxMemoryBytes: number;
  readonly maxAgeMs: number;
}

/** What one worker has served, from its readiness on. Its threads share one. */
export interface Service {
  readonly readyAt: number;
  /** Of this worker; 0 for no limit. */
  readonly maxRequests: number;
  served: number;
  /** What it took when it was new; undefined when nobody looked then. */
  newBytes: number | undefined;
  /** Its replacement was asked for, once. */
  isWorn: boolean;
}

export function beginService(limits: RecyclingLimits, random: number, now: number): Service {
  const { maxRequests, maxRequestsJitter } = limits;
  return {
    readyAt: now,
    maxRequests: maxRequests === 0 ? 0 : maxRequests + Math.floor(random * (maxRequestsJitter + 1)),
    served: 0,
    newBytes: undefined,
    isWorn: false,
  };
}

/** Counts one request that is over; true when it was the last that the worker should serve. Hot: once per request. */
export function countServed(service: Service): boolean {
  service.served++;
  return service.served === service.maxRequests;
}

export function isTooOld(service: Service, limits: RecyclingLimits, now: number): boolean {
  return limits.maxAgeMs > 0 && now - service.readyAt >= limits.maxAgeMs;
}

/** `limit-too-low`: it was above the limit when it was new. Another one would be too: it is not replaced for that. */
export type MemoryVerdict = "within" | "too-large" | "limit-too-low";

/** `bytes` is what a look at the process found now. Where a worker is new, that is noted in its service before. */
export function judgeMemory(
  service: Service,
  limits: RecyclingLimits,
  bytes: number,
): MemoryVerdict {
  if (limits.maxMemoryBytes === 0 || bytes < limits.maxMemoryBytes) return "within";
  return (service.newBytes ?? 0) >= limits.maxMemoryBytes ? "limit-too-low" : "too-large";
}
