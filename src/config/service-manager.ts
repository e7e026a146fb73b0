// What a service manager told this process in its environment (sd_notify(3), sd_watchdog_enabled(3)). Pure.

export interface ServiceManagerPlace {
  /** Where notifications go: the path of a datagram socket, or @ and an abstract name. */
  readonly address: string;
  /** A sign of life is due this often; 0 for never. */
  readonly watchdogMs: number;
}

/** For this process alone: a program that the application starts must not speak for the server. */
export const SERVICE_MANAGER_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** Undefined where nobody wants to hear anything. `pid`: a watchdog may be meant for another process. */
export function serviceManagerOf(
  environment: NodeJS.ProcessEnv,
  pid: number,
): ServiceManagerPlace | undefined {
  const address = environment["NOTIFY_SOCKET"] ?? "";
  if (!/^[/@]./.test(address)) return undefined;
  const microseconds = Number(environment["WATCHDOG_USEC"] ?? "0");
  const isOurs = (environment["WATCHDOG_PID"] ?? String(pid)) === String(pid);
  const watchdogMs = isOurs && microseconds > 0 ? microseconds / 1000 : 0;
  return { address, watchdogMs };
}
