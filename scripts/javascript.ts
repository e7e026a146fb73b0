// The JavaScript that packages carry, in dist/: Node refuses TypeScript below node_modules.

import { spawnSync } from "node:child_process";
import { cpSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./python-environment.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const PAGE = join(ROOT, "src/page");

export function buildJavaScript(): void {
  rmSync(DIST, { recursive: true, force: true });
  for (const project of ["tsconfig.build.json", "src/page/tsconfig.build.json"])
    run("node_modules/.bin/tsc", ["-p", project]);
  for (const file of globSync("*.{html,css,svg}", { cwd: PAGE }))
    cpSync(join(PAGE, file), join(DIST, "page", file));
}

/** The package for npm, of what is in dist/. */
export function packInto(directory: string): void {
  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", directory]);
}

/** Throws a SetupError with what the command said, if it fails. */
export function run(command: string, args: readonly string[], cwd: string = ROOT): void {
  // The time that archives carry: any fixed one, for the same bytes each time.
  const env = { ...process.env, SOURCE_DATE_EPOCH: "1577836800" };
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
  });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`;
  throw new SetupError(`${command} ${args.join(" ")} failed:\n${said}`);
}
