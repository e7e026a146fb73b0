// Before `npm pack` in a checkout: a package without its JavaScript would not start.

import { buildJavaScript } from "./javascript.ts";
import { SetupError } from "./python-environment.ts";

try {
  buildJavaScript();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`prepack: ${error.message}\n`);
  process.exitCode = 2;
}
