// Sets up what the examples need: `.venv` with the packages of examples/requirements.txt. Instant when nothing has changed.
// `npm start` and `npm test` run it first; it can be run alone: scripts/with-node scripts/setup.ts

import { runScript, setUpExamples } from "./python-environment.ts";

runScript("setup", setUpExamples);
