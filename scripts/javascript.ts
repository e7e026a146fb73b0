// The JavaScript that packages carry, in dist/: Node refuses TypeScript below node_modules, and loads few files sooner than many.

import { spawnSync } from "node:child_process";
import { cpSync, globSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./python-environment.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const PAGE = join(ROOT, "src/page");

export function buildJavaScript(): void {
  rmSync(DIST, { recursive: true, force: true });
  run("node_modules/.bin/tsc", ["-p", "src/page/tsconfig.build.json"]);
  // Where the page takes types from, which is nothing that runs.
  for (const name of readdirSync(DIST).filter((one) => one !== "page"))
    rmSync(join(DIST, name), { recursive: true });
  run("node_modules/.bin/rolldown", ["-c", "rolldown.config.ts"]);
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
