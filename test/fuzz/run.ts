// `npm run fuzz -- SECONDS`: bytes and texts that are nearly right, for so long, put to everything that reads what others write. What fails
// is printed with its seed and the command that makes it again; it belongs into the vectors then.

import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { argumentsTarget, environmentTarget, fileTarget } from "./configuration.ts";
import { framesTarget } from "./frames.ts";
import { http1Target } from "./http1.ts";
import { proxyProtocolTarget } from "./proxy-protocol.ts";
import type { FuzzTarget } from "./target.ts";

const USAGE = `usage: npm run fuzz -- [SECONDS] [options]
  SECONDS             for all targets together (15)
  --only NAME,...     only these targets
  --seed N --path P   what a failure printed: that one again`;

const TARGETS: Readonly<Record<string, () => FuzzTarget>> = {
  http1: http1Target,
  frames: framesTarget,
  "proxy-protocol": proxyProtocolTarget,
  arguments: argumentsTarget,
  environment: environmentTarget,
  file: fileTarget,
};

interface Settings {
  readonly ms: number;
  readonly seed: number;
  readonly path?: string;
}

/** Whether nothing was found. */
async function fuzz(name: string, make: () => FuzzTarget, settings: Settings): Promise<boolean> {
  const { ms, seed, path } = settings;
  const target = make();
  try {
    const details = await fc.check(target.property, {
      seed,
      numRuns: path === undefined ? Number.MAX_SAFE_INTEGER : 1,
      interruptAfterTimeLimit: ms,
      markInterruptAsFailure: false,
      ...(path === undefined ? {} : { path }),
    });
    console.log(
      `${details.failed ? "not ok" : "ok"} ${name}: ${details.numRuns} inputs, seed ${seed}`,
    );
    if (!details.failed) return true;
    console.log(fc.defaultReportMessage(details));
    const { counterexample } = details;
    for (const value of Array.isArray(counterexample) ? counterexample : []) {
      if (Buffer.isBuffer(value)) console.log(JSON.stringify(value.toString("latin1")));
    }
    console.log(details.errorInstance);
    const again = `npm run fuzz -- --only ${name} --seed ${seed} --path ${details.counterexamplePath}`;
    console.log(`again: ${again}`);
    return false;
  } finally {
    target.close?.();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string" }, seed: { type: "string" }, path: { type: "string" } },
  });
  const seconds = Number(positionals[0] ?? 15);
  const names = values.only?.split(",") ?? Object.keys(TARGETS);
  if (!(seconds > 0) || names.some((name) => !Object.hasOwn(TARGETS, name))) {
    console.error(`${USAGE}\ntargets: ${Object.keys(TARGETS).join(", ")}`);
    return 2;
  }
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const settings = { ms: (seconds * 1000) / names.length, seed };
  let isGood = true;
  for (const name of names) {
    const make = TARGETS[name];
    if (make === undefined) continue;
    const { path } = values;
    const isFine = await fuzz(name, make, path === undefined ? settings : { ...settings, path });
    isGood &&= isFine;
  }
  return isGood ? 0 : 1;
}

process.exitCode = await main();
