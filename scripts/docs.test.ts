// Pages that name options, files and headings name such as there are; commands and configurations on them are taken by the server's own readers.

import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { parseArguments } from "../src/cli/args.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { parseConfigFile } from "../src/config/file.ts";
import { flagOf, OPTION_NAMES } from "../src/config/options.ts";
import {
  commandsOf,
  fencesOf,
  inlineCodeOf,
  isShell,
  PAGES,
  readPage,
} from "../test/support/pages.ts";

const ROOT = join(import.meta.dirname, "..");
/** These name options of other programs. */
const OTHERS_OPTIONS =
  /^(?:CONTRIBUTING\.md|CHANGELOG\.md|docs\/from-|docs\/decisions\/|docs\/design\.md|docs\/packages\.md|docs\/profile\.md|docs\/benchmarks\.md|docs\/reliability\.md|labs\/)/;
const FLAGS = new Set([
  ...OPTION_NAMES.map(flagOf),
  ...Object.values(COMMANDS).flatMap(({ flags = {} }) => Object.keys(flags).map((f) => `--${f}`)),
  "--help",
  "--version",
  // systemctl, flask
  "--now",
  "--app",
]);
/** By their names alone, as pages call them that have named the directory before. */
const SOURCES = new Set(
  globSync(["{src,python,scripts,bench,test}/**/*.{ts,py}"], { cwd: ROOT }).map((path) =>
    basename(path),
  ),
);
/** What commands make, and what stands for a user's own. */
const MADE = /^(?:bench\/results|build|dist|path)\//;

/** The words of a command line, as a shell would split these. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = readPage(page).match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("the pages", () => {
  for (const page of PAGES) {
    const text = readPage(page);

    it(`${page} links what there is`, () => {
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? "");
      for (const link of links.filter((one) => !/^https?:/.test(one))) {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : join(dirname(page), path);
        assert.ok(MADE.test(target) || existsSync(join(ROOT, target)), `${page}: ${link}`);
        if (anchor !== undefined) assert.ok(anchorsOf(target).has(anchor), `${page}: ${link}`);
      }
    });

    it(`${page} names files that there are`, () => {
      if (page === "CHANGELOG.md" || page === "docs/design.md") return;
      const named = inlineCodeOf(text).filter((code) =>
        /^(?:examples|docs|test|src|python|scripts|bench|bin|labs|packaging)\/[\w./-]*$/.test(code),
      );
      const missing = named.filter(
        (path) =>
          !MADE.test(path) &&
          ![ROOT, join(ROOT, dirname(page))].some((root) => existsSync(join(root, path))),
      );
      assert.deepEqual(missing, []);
    });

    if (!OTHERS_OPTIONS.test(page)) {
      it(`${page} names options that there are`, () => {
        const named = text.match(/(?<![\w-])--[a-z][a-z-]*[a-z]/g) ?? [];
        assert.deepEqual(
          named.filter((flag) => !FLAGS.has(flag)),
          [],
        );
      });
    }

    it(`${page} has commands that can be given, and configurations that can be read`, () => {
      const fences = fencesOf(page);
      const commands = [
        ...fences.filter(isShell).flatMap(commandsOf),
        // What has a place to be filled in is no command yet.
        ...inlineCodeOf(text).filter((code) => !/[A-Z]{2,}|\.\.\.|\[/.test(code)),
      ];
      for (const command of commands) {
        const words = /^(?:bin\/)?rickhouse (.*)$/.exec(command)?.[1];
        if (words !== undefined) assert.doesNotThrow(() => parseArguments(wordsOf(words)), command);
      }
      for (const { language, text: toml, line } of fences)
        if (language === "toml") parseConfigFile(toml, `${page}:${line}`);
    });
  }

  it("name sources that there are, where they tell the way of a request", () => {
    const named = inlineCodeOf(readPage("docs/architecture.md")).filter((code) =>
      /^[\w-]+\.(?:ts|py)$/.test(code),
    );
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter((name) => !SOURCES.has(name)),
      [],
    );
  });

  it("are all named on docs/README.md", () => {
    const index = readPage("docs/README.md");
    const pages = globSync("docs/*.md", { cwd: ROOT }).map((path) => basename(path));
    const missing = pages.filter((page) => page !== "README.md" && !index.includes(`](${page})`));
    assert.deepEqual(missing, []);
  });

  it("start with commands that the Procfile can be given too", () => {
    const [, command = ""] = /^web: rickhouse (.*)$/m.exec(readPage("examples/Procfile")) ?? [];
    const parsed = parseArguments(wordsOf(command));
    assert.ok(parsed.kind === "command");
    assert.deepEqual(parsed.words, ["flask_app:app"]);
  });
});
