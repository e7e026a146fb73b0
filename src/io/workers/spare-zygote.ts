// With --reload: an interpreter that is started before it is needed and waits to be told what to load, so that a save does not wait for the
// start of Python. It has read no file of the application.

import type { Config } from "../../config/options.ts";
import { Zygote } from "./zygote.ts";

/** From the end of an import to the start of the next interpreter: what has just been imported answers first. */
const REST_MS = 250;

type Interpreter = Pick<Config, "python" | "env">;

export class SpareZygote {
  readonly #config: Interpreter & Pick<Config, "reload">;
  #zygote: Zygote | undefined;
  /** What it was started with: a reload may change it. */
  #madeWith = "";
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(config: Interpreter & Pick<Config, "reload">) {
    this.#config = config;
  }

  /** Has one soon, if there is none. */
  makeSoon(): void {
    if (!this.#config.reload || this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#zygote?.isWaiting === true) return;
      this.#madeWith = keyOf(this.#config);
      this.#zygote = new Zygote(this.#config);
    }, REST_MS).unref();
  }

  /** The one that there is; undefined where one has to be started now. */
  take(): Zygote | undefined {
    clearTimeout(this.#timer);
    const zygote = this.#zygote;
    this.#zygote = undefined;
    if (zygote?.isWaiting === true && this.#madeWith === keyOf(this.#config)) return zygote;
    zygote?.kill();
    return undefined;
  }

  /** None any more. */
  drop(): void {
    this.#isOver = true;
    this.take()?.kill();
  }
}

function keyOf({ python, env }: Interpreter): string {
  return JSON.stringify([python, env]);
}
