// Before `npm pack` in a checkout: a package without its JavaScript would not start.

import { buildJavaScript } from "./javascript.ts";

buildJavaScript();
