// The part of the option table that is about writing an application, not running one; options.ts takes it in.

import { pathPattern } from "./development-kinds.ts";
import { listOf, toggle } from "./kinds.ts";
import { option } from "./option.ts";

export const DEVELOPMENT_OPTIONS = {
  reload: option<boolean>({
    kind: toggle,
    group: "development",
    default: false,
    help: "load the application anew when what it imported changes",
  }),
  reloadInclude: option<readonly string[]>({
    kind: listOf(pathPattern),
    group: "development",
    default: [],
    help: "with --reload: watch these files too; repeatable",
  }),
  debug: option<boolean>({
    kind: toggle,
    group: "development",
    reload: "workers",
    default: false,
    help: "show clients the traceback of an exception",
  }),
};
