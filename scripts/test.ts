// npm test: sets up what the tests need, runs all parts, and ends in one line: `N passed, N failed, N skipped`.
// Usage: scripts/with-node scripts/test.ts [unit] [integration] [sockets] [faults] [packages] [python] [soak] [labs]; without a part, all of them but soak and labs.

import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { runNodeTests } from "./node-tests.ts";
import { SetupError, setUpExamples } from "./python-environment.ts";
import { runPythonTests } from "./python-tests.ts";
import { add, NOTHING, type Tally } from "./tally.ts";

const ROOT = join(import.meta.dirname, "..");

const SOAK_FILE_MS = 4 * 3_600_000;

const PARTS = {
  unit: () =>
    runNodeTests([...find("{src,bench,scripts}/**/*.test.ts"), ...find("test/property/*.test.ts")]),
  integration: () => {
    // The examples that the tests start, as a user has them after `npm start`.
    setUpExamples();
    return runNodeTests(find("test/{conformance,docs,integration}/**/*.test.ts"));
  },
  // What sockets have a part in, with Node's own (--direct-sockets off); all else is the same with either kind.
  sockets: async () => {
    process.env["RICKHOUSE_DIRECT_SOCKETS"] = "off";
    const files = "disconnected,death,drain,http-*,listening,reload-load,standstill,windows";
    const tally = await runNodeTests([
      ...find(`test/integration/{${files}}.test.ts`),
      ...find("test/conformance/**/*.test.ts"),
      ...find("test/faults/{aborts,integrity,slow-clients}.test.ts"),
    ]);
    delete process.env["RICKHOUSE_DIRECT_SOCKETS"];
    return tally;
  },
  // What an application, a client or an operator may do to the server, and what must be true of it afterwards.
  faults: () => runNodeTests(find("test/faults/**/*.test.ts")),
  // What users install, built and installed: needs the registries.
  packages: () => runNodeTests(find("test/packages/**/*.test.ts")),
  python: () => Promise.resolve(runPythonTests(ROOT)),
  // Long ones: hours and millions instead of seconds and thousands.
  soak: () => runNodeTests(find("test/soak/**/*.test.ts"), 1, SOAK_FILE_MS),
  labs: () => {
    setUpExamples();
    // They count processes and measure who waits for whom: one file at a time.
    return runNodeTests(find("labs/**/*.test.ts"), 1);
  },
} as const satisfies Record<string, () => Promise<Tally>>;

type Part = keyof typeof PARTS;

/** Too long, and not about the server: npm run test:soak, npm run test:labs. */
const ONLY_WHEN_ASKED: readonly Part[] = ["soak", "labs"];

function isPart(name: string): name is Part {
  return Object.hasOwn(PARTS, name);
}

function find(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT })
    .toSorted()
    .map((file) => join(ROOT, file));
}

async function main(): Promise<number> {
  const asked = process.argv.slice(2);
  const wrong = asked.find((name) => !isPart(name));
  if (wrong !== undefined)
    throw new SetupError(`no part ${wrong}; write one of ${Object.keys(PARTS).join(", ")}`);
  if (!existsSync(join(ROOT, "node_modules/fast-check"))) throw new SetupError("run npm ci first");

  let all = NOTHING;
  for (const part of Object.keys(PARTS).filter(isPart)) {
    if (asked.length === 0 ? ONLY_WHEN_ASKED.includes(part) : !asked.includes(part)) continue;
    const tally = await PARTS[part]();
    // A part without tests proves nothing and must not look like a success.
    const ran = tally.passed + tally.failed > 0;
    if (!ran) process.stdout.write(`not ok ${part}: no test ran\n`);
    all = add(all, ran ? tally : { ...tally, failed: 1 });
  }
  process.stdout.write(`${all.passed} passed, ${all.failed} failed, ${all.skipped} skipped\n`);
  return all.failed === 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`test: ${error.message}\n`);
  process.exit(2);
}
