// A load that goes on while workers and zygotes are killed or replaced under it.

import { type ServerUnderTest, waitFor } from "./server.ts";

export interface Load<T extends { readonly right: number }> {
  /** What came of its requests; `right`: whole, with every byte where it belongs. */
  readonly tally: T;
  /** Resolves when the last ones are over. */
  stop(): Promise<void>;
}

/** `run` again and again, by so many clients at once. `number`: how many began before; `client`: which of them it is. */
export function startLoad<T extends { readonly right: number }>(
  clients: number,
  tally: T,
  run: (number: number, client: number) => Promise<void>,
): Load<T> {
  const state = { isStopped: false, begun: 0 };
  const over = Array.from({ length: clients }, async (_, client) => {
    while (!state.isStopped) await run(state.begun++, client);
  });
  return {
    tally,
    stop: async () => {
      state.isStopped = true;
      await Promise.all(over);
    },
  };
}

type AnyLoad = Load<{ readonly right: number }>;

/** One worker of two after the other, each a moment after some answers. */
export async function killWorkers(
  server: ServerUnderTest,
  load: AnyLoad,
  times: number,
): Promise<void> {
  for (let kill = 0; kill < times; kill++) {
    await rightAnswers(load, 3);
    await new Promise((resolve) => setTimeout(resolve, (kill * 7) % 23));
    const victim = server.workers[kill % 2];
    if (victim !== undefined) process.kill(victim, "SIGKILL");
  }
}

export async function killZygotes(
  server: ServerUnderTest,
  load: AnyLoad,
  times: number,
): Promise<void> {
  for (let kill = 0; kill < times; kill++) {
    await rightAnswers(load, 20);
    const [victim] = await waitFor("a zygote", () => server.zygotes.length > 0 && server.zygotes);
    process.kill(victim ?? 0, "SIGKILL");
  }
}

/** Each time until its two workers are all that there is. */
export async function reloadUnder(
  server: ServerUnderTest,
  load: AnyLoad,
  times: number,
): Promise<void> {
  const isSteady = (): boolean => server.zygotes.length === 1 && server.workers.length === 2;
  for (let reload = 0; reload < times; reload++) {
    await rightAnswers(load, 10);
    const [old] = server.zygotes;
    server.signal("SIGHUP");
    await waitFor("other workers", () => isSteady() && server.zygotes[0] !== old, 60_000);
  }
}

async function rightAnswers({ tally }: AnyLoad, count: number): Promise<void> {
  const { right } = tally;
  await waitFor("answers", () => tally.right >= right + count, 60_000);
}
