// What the page asks the server to do, and what became of it. Knows no elements.

/** Why it was not done. */
export class Refused extends Error {}

/** The answer's fields. Throws Refused. */
export async function command(
  path: "reload" | "scale" | "stacks",
  args: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  let answer: unknown;
  let isOk: boolean;
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
    answer = await response.json();
    isOk = response.ok;
  } catch {
    throw new Refused("the server does not answer");
  }
  const fields: Record<string, unknown> = { ...(typeof answer === "object" ? answer : {}) };
  if (!isOk || fields["ok"] !== true) throw new Refused(textOf(fields["error"]) || "refused");
  return fields;
}

/** By worker, empty where none can be had. Of all workers, or of one. Throws Refused. */
export async function askStacks(worker?: number): Promise<Map<number, string>> {
  const { workers } = await command("stacks", worker === undefined ? {} : { worker });
  const found = new Map<number, string>();
  for (const entry of Array.isArray(workers) ? workers : []) {
    const { worker: number, stacks }: Record<string, unknown> = { ...entry };
    if (typeof number === "number") found.set(number, textOf(stacks));
  }
  return found;
}

export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
