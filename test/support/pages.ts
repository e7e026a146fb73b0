// The pages of the repository as a reader finds them: fences of code, with the file that one stands for, and inline code. Nothing is run here.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export interface Fence {
  readonly page: string;
  /** Of the first line inside, from 1. */
  readonly line: number;
  readonly language: string;
  /** Named in a comment above the fence, `<!-- file: hello.py -->`: the reader is told to write this file. */
  readonly file: string | undefined;
  readonly text: string;
}

/** Pages that a user or a contributor reads, by their paths in the repository. */
export const PAGES: readonly string[] = [
  ...globSync(["*.md", "docs/**/*.md", "examples/**/*.md", "labs/*.md"], { cwd: ROOT }),
].toSorted();

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

export function fencesOf(page: string, text: string = readPage(page)): Fence[] {
  const fences: Fence[] = [];
  let open: { line: number; language: string; file: string | undefined } | undefined;
  let inside: string[] = [];
  let file: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = /^```(\w*)\s*$/.exec(line);
    if (open !== undefined && mark === null) inside.push(line);
    else if (open !== undefined) {
      fences.push({ page, ...open, text: `${inside.join("\n")}\n` });
      open = undefined;
      file = undefined;
    } else if (mark !== null) {
      open = { line: index + 2, language: mark[1] ?? "", file };
      inside = [];
    } else {
      const named = /^<!-- file: (\S+) -->$/.exec(line)?.[1];
      if (named !== undefined || line.trim() !== "") file = named;
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the fence has no end`);
  return fences;
}

export function isShell({ language }: Fence): boolean {
  return language === "sh" || language === "console";
}

/**
 * The commands of a fence of `sh`: a line each, with what a backslash joins; of a `console` those behind a `$`, since the others are what is
 * answered. Comments are taken off.
 */
export function commandsOf({ language, text }: Fence): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, "").split("\n");
  const commands =
    language === "console"
      ? lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2))
      : lines;
  return commands
    .map((line) => line.replace(/(?:^|\s+)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** Inline code of a page; what stands in fences is no part of it. */
export function inlineCodeOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? "");
}
