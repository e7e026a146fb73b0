// `rickhouse status | reload | stop | scale N | stacks [WORKER] | log-level LEVEL`: each asks a running server over its admin side, prints
// what came of it, and ends with 0, or with 1 where the server could not do it. Knows no HTTP.

import { setTimeout as delay } from "node:timers/promises";
import { StartupError } from "../../config/startup-error.ts";
import { LOG_LEVELS, logLevelOf } from "../../core/log/log-level.ts";
import type { StatusDocument } from "../../io/admin/documents.ts";
import type { WorkerStacks } from "../../io/workers/stacks-log.ts";
import type { CommandCall } from "../commands.ts";
import { askServer, isAnswering } from "../control/admin-client.ts";
import { findServer } from "../control/find-server.ts";
import { statusText } from "../control/status-text.ts";
import { printable, timeText } from "../control/table.ts";

/** How often `stop` looks whether it is over. */
const POLL_MS = 100;
/** Beyond what the server gives itself. */
const STOP_GRACE_SECONDS = 5;

export async function statusCommand(call: CommandCall): Promise<number> {
  noWords(call);
  const status = await askServer<StatusDocument>(await findServer(call), "/status");
  return print(call, status, statusText(status));
}

interface ReloadAnswer {
  readonly ok: boolean;
  readonly generation: number | null;
  readonly error: string | null;
}

export async function reloadCommand(call: CommandCall): Promise<number> {
  noWords(call);
  const answer = await askServer<ReloadAnswer>(await findServer(call), "/reload", {});
  const text = answer.ok
    ? `generation ${answer.generation} serves\n`
    : `reload failed: ${answer.error}; the old code serves on, and the server's log says more\n`;
  return print(call, answer, text, answer.ok ? 0 : 1);
}

export async function scaleCommand(call: CommandCall): Promise<number> {
  const workers = theNumber(call, "scale");
  const answer = await askServer<{ workers: number }>(await findServer(call), "/scale", {
    workers,
  });
  return print(call, answer, `workers at least: ${answer.workers}\n`);
}

export async function stacksCommand(call: CommandCall): Promise<number> {
  const body = call.words.length === 0 ? {} : { worker: theNumber(call, "stacks") };
  const answer = await askServer<{ workers: readonly WorkerStacks[] }>(
    await findServer(call),
    "/stacks",
    body,
  );
  const texts = answer.workers.map(({ worker, pid, stacks }) => {
    return `worker ${worker} (pid ${pid ?? "-"})\n${stacks === "" ? "no stacks could be had" : stacks}\n`;
  });
  return print(call, answer, printable(texts.join("\n")));
}

export async function logLevelCommand(call: CommandCall): Promise<number> {
  const [level, second] = call.words;
  if (logLevelOf(level) === undefined || second !== undefined) {
    throw new StartupError("command-words", {
      usage: `rickhouse log-level ${LOG_LEVELS.join("|")}`,
    });
  }
  const answer = await askServer<{ level: string }>(await findServer(call), "/log-level", {
    level,
  });
  return print(call, answer, `log level: ${answer.level}\n`);
}

interface StopAnswer {
  readonly pid: number;
  readonly withinSeconds: number;
}

/** Waits for the end. */
export async function stopCommand(call: CommandCall): Promise<number> {
  noWords(call);
  const target = await findServer(call);
  const since = performance.now();
  const { pid, withinSeconds } = await askServer<StopAnswer>(target, "/stop", {});
  const deadline = since + (withinSeconds + STOP_GRACE_SECONDS) * 1000;
  while (await isAnswering(target.connect)) {
    if (performance.now() > deadline) {
      return print(call, { ok: false, pid }, `process ${pid} still runs\n`, 1);
    }
    await delay(POLL_MS);
  }
  const tookSeconds = Math.round(performance.now() - since) / 1000;
  const text = `process ${pid} has finished what it had and ended, after ${timeText(tookSeconds)}\n`;
  return print(call, { ok: true, pid, tookSeconds }, text);
}

function print(call: CommandCall, value: object, text: string, exitCode = 0): number {
  process.stdout.write(call.flags.has("json") ? `${JSON.stringify(value, null, 2)}\n` : text);
  return exitCode;
}

function noWords({ words }: CommandCall): void {
  const [word] = words;
  if (word !== undefined)
    throw new StartupError("command-words", { usage: `nothing behind it, not ${word}` });
}

function theNumber({ words }: CommandCall, name: string): number {
  const [word = "", second] = words;
  if (!/^\d{1,6}$/.test(word) || second !== undefined) {
    throw new StartupError("command-words", { usage: `rickhouse ${name} N` });
  }
  return Number(word);
}
