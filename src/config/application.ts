// What `[path/to/]module[.sub][:callable]` on the command line means. Pure: whether the module exists is found out by importing it.

import { resolve } from "node:path";
import { StartupError } from "./startup-error.ts";

export interface ApplicationSpec {
  /** Absolute path, first on `sys.path`. */
  readonly directory: string;
  /** Dotted name, as `import` takes it. */
  readonly module: string;
  /** Dotted name in the module, perhaps called with literals (the Python side reads those); null when none was named (`application`, then `app`). */
  readonly callable: string | null;
}

/** As the operator knows it. */
export function nameOf({ module, callable }: ApplicationSpec): string {
  return callable === null ? module : `${module}:${callable}`;
}

const CALLABLE = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*(?:\(.*\))?$/su;

/** `workingDirectory` is absolute: the directory when no path is given, and where a relative path starts. */
export function parseApplication(text: string, workingDirectory: string): ApplicationSpec {
  // The arguments of a factory may hold anything, slashes and colons too.
  const call = text.indexOf("(");
  const slash = (call < 0 ? text : text.slice(0, call)).lastIndexOf("/");
  const name = text.slice(slash + 1);
  const prefix = text.slice(0, slash + 1);
  const colon = name.indexOf(":");
  const module = colon < 0 ? name : name.slice(0, colon);
  const callable = colon < 0 ? null : name.slice(colon + 1);
  checkModule(text, prefix, module, callable);
  if (callable !== null) checkCallable(text, `${prefix}${module}`, callable);
  return { directory: resolve(workingDirectory, prefix), module, callable };
}

function checkModule(text: string, prefix: string, module: string, callable: string | null): void {
  const behind = `:${callable === null || callable === "" ? "app" : callable}`;
  if (module === "" || module === "." || module === "..") {
    const directory = `${prefix}${module}`.replace(/([^/])$/, "$1/");
    throw badApplication(text, "names no module", `write ${directory}module${behind}`);
  }
  if (module.endsWith(".py")) {
    // A package is named by its directory.
    const bare =
      module === "__init__.py" && prefix !== ""
        ? prefix.slice(0, -1)
        : prefix + module.slice(0, -3);
    const right = `${bare}${callable === null ? "" : behind}`;
    throw badApplication(text, "a module is named without .py", `did you mean ${right}?`);
  }
  if (module.endsWith(".ini")) {
    const hint = "write a module with application = pyramid.paster.get_app(FILE), and name that";
    throw badApplication(text, "an .ini file is no module", hint);
  }
  if (module.split(".").includes("")) {
    const right = module.split(".").filter(Boolean).join(".");
    throw badApplication(
      text,
      "an empty name between dots",
      `did you mean ${prefix}${right}${behind}?`,
    );
  }
  if (/[\s\0]/.test(module)) {
    throw badApplication(text, "a module name has no spaces", "write [path/to/]module:callable");
  }
}

function checkCallable(text: string, module: string, callable: string): void {
  if (CALLABLE.test(callable)) return;
  if (callable === "")
    throw badApplication(text, "no callable behind the colon", `write ${module}:app`);
  throw badApplication(
    text,
    `${callable} is no dotted name`,
    `write ${module}:app or ${module}:create_app()`,
  );
}

function badApplication(application: string, reason: string, hint: string): StartupError {
  return new StartupError("bad-application", { application, reason, hint });
}
