// The server as its users get it: the package, unpacked, not the checkout. Node strips the types of a checkout's TypeScript at each start,
// which takes time and 25 MiB that no user of the package pays. Its Python files are compiled, as pip does it for the other servers'.

import { globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildJavaScript, packInto, run } from "../scripts/javascript.ts";

/** Below the checkout, whose node_modules/ then has what the package needs. */
const PLACE = join(import.meta.dirname, "results/package");

/** Returns its directory. Throws a SetupError. */
export function unpackPackage(python: string): string {
  rmSync(PLACE, { recursive: true, force: true });
  mkdirSync(PLACE, { recursive: true });
  buildJavaScript();
  packInto(PLACE);
  const [archive = ""] = globSync("*.tgz", { cwd: PLACE });
  run("tar", ["-xzf", archive, "--strip-components=1"], PLACE);
  run(python, ["-m", "compileall", "-q", join(PLACE, "python/src/rickhouse")]);
  return PLACE;
}
