// Patterns of paths, as .gitignore has them: `*.html` names files anywhere below the working directory, `templates/**` and `../shared/*.css`
// count from it, a plain directory stands for all that is in it. Pure: texts in, a test and a place to look from out.

export class BadPattern extends Error {}

export interface PathPattern {
  /** Absolute, without an end slash: nothing outside of it matches. */
  readonly base: string;
  /** Of an absolute path with `/`. */
  matches(path: string): boolean;
}

const WILDCARD = /[*?[{]/;

/** `workingDirectory` is absolute. Throws BadPattern. */
export function makePattern(text: string, workingDirectory: string): PathPattern {
  if (text === "" || text.includes("\0")) throw new BadPattern("no pattern");
  const isNameOnly = !text.slice(0, -1).includes("/") && WILDCARD.test(text);
  const parts = absoluteParts(isNameOnly ? `**/${text}` : text, workingDirectory);
  const firstWild = parts.findIndex((part) => WILDCARD.test(part));
  const fixed = firstWild < 0 ? parts : parts.slice(0, firstWild);
  const base = `/${fixed.join("/")}`;
  // Without a wildcard it is a file, or a directory with all that is in it.
  const source = firstWild < 0 ? `${escape(base)}(?:/.*)?` : sourceOf(parts);
  const expression = new RegExp(`^${source}$`, "su");
  return { base: base === "/" ? "/" : base, matches: (path) => expression.test(path) };
}

/** This file, whatever characters are in its name. */
export function exactly(path: string): PathPattern {
  return { base: path, matches: (other) => other === path };
}

function absoluteParts(text: string, workingDirectory: string): string[] {
  const from = text.startsWith("/") ? [] : workingDirectory.split("/");
  const parts: string[] = [];
  for (const part of [...from, ...text.split("/")]) {
    if (part === "..") {
      if (WILDCARD.test(parts.pop() ?? "")) throw new BadPattern(".. behind a wildcard");
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  // `templates/*/` means what is in those directories.
  if (text.endsWith("/") && WILDCARD.test(parts.at(-1) ?? "")) parts.push("**");
  return parts;
}

function sourceOf(parts: readonly string[]): string {
  let source = "";
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part !== "**") source += `/${partSource(part)}`;
    else source += isLast ? "/.+" : "(?:/[^/]+)*";
  }
  return source;
}

function partSource(part: string): string {
  let source = "";
  let depth = 0;
  for (let index = 0; index < part.length; index++) {
    const character = part.charAt(index);
    const end = character === "[" ? part.indexOf("]", index + 2) : -1;
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (end > 0) {
      source += classSource(part.slice(index + 1, end));
      index = end;
    } else if (character === "{") {
      depth++;
      source += "(?:";
    } else if (character === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (character === "," && depth > 0) source += "|";
    else source += escape(character);
  }
  if (depth > 0) throw new BadPattern("a { without its }");
  return source;
}

function classSource(inner: string): string {
  const isNegated = /^[!^]/.test(inner);
  const members = (isNegated ? inner.slice(1) : inner).replaceAll(/[\\\]^[&]/g, String.raw`\$&`);
  return `[${isNegated ? "^/" : ""}${members}]`;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
