// Before `npm pack` in a checkout: a package without its JavaScript would not start.

import { buildJavaScript } from "./javascript.ts";
import { runScript } from "./python-environment.ts";

runScript("prepack", buildJavaScript);
