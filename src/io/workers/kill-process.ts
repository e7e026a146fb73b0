// Signals to processes that may be gone by now.

export function killProcess(pid: number | undefined, signal: string): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone, which is what was wanted.
  }
}
