// The verbs over HTTP: POST with a small JSON object, answered by JSON when the outcome is known. Who may ask is the guard's business, what a
// verb does the server's.

import type { IncomingMessage, ServerResponse } from "node:http";
import { LOG_LEVELS, logLevelOf } from "../../core/log/log-level.ts";
import { sendJson } from "./answers.ts";
import type { AdminSubject } from "./subject.ts";

const MAX_BODY_BYTES = 4096;

/** What was asked cannot be done; `message` tells the asker why. */
class Refused extends Error {}

type Arguments = Readonly<Record<string, unknown>>;
type Verb = (args: Arguments) => unknown;

/** By path. */
export function verbsOf(subject: AdminSubject): Readonly<Record<string, Verb>> {
  const { verbs, config } = subject;
  return {
    "/reload": async () => {
      const { generation, error } = await verbs.reload();
      return { ok: error === undefined, generation: generation ?? null, error: error ?? null };
    },
    "/scale": ({ workers }) => {
      const { max } = config.workers;
      if (!isWholeNumber(workers) || workers < 1 || workers > max) {
        throw new Refused(`workers must be a whole number from 1 to ${max} (--workers)`);
      }
      return { ok: true, workers: verbs.scale(workers) };
    },
    "/stacks": async ({ worker }) => {
      if (worker !== undefined && !isWholeNumber(worker)) {
        throw new Refused("worker must be the number of a worker, as /status has it");
      }
      const stacks = await verbs.stacks(worker);
      if (worker !== undefined && stacks.length === 0) throw new Refused(`no worker ${worker}`);
      return { ok: true, workers: stacks };
    },
    "/log-level": ({ level }) => {
      const known = logLevelOf(level);
      if (known === undefined) throw new Refused(`level must be ${LOG_LEVELS.join(" or ")}`);
      verbs.setLogLevel(known);
      return { ok: true, level: known };
    },
    "/stop": () => {
      const { drainDelayMs, gracefulTimeoutMs } = config;
      verbs.stop();
      // Both run from now on; by then it is gone, whatever hangs.
      const withinSeconds = Math.max(drainDelayMs, gracefulTimeoutMs) / 1000;
      return { ok: true, pid: process.pid, withinSeconds };
    },
  };
}

/** Reads the arguments, does it, answers. */
export async function answerVerb(
  verb: Verb,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    sendJson(response, 200, await verb(await argumentsOf(request)));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    sendJson(response, 400, { ok: false, error: error.message });
  }
}

async function argumentsOf(request: IncomingMessage): Promise<Arguments> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new Refused("the body is too long");
  }
  if (text.trim() === "") return {};
  const value = parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refused("the body must be a JSON object");
  }
  return { ...value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused("the body must be a JSON object");
  }
}

function isWholeNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}
