// A real Chromium for tests of pages. Where there is none, tests skip and say so.

import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** It talks to the server under test and to nobody else. */
const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const executable = EXECUTABLES.find((path) => existsSync(path));

/** Why tests in a browser cannot run here; false when they can. */
export const noBrowser =
  executable === undefined ? `no Chromium at ${EXECUTABLES.join(", ")}` : false;

/** Without a sandbox: containers of tests allow none, and only our own pages are loaded. */
export function launchBrowser(): Promise<Browser> {
  if (executable === undefined) throw new Error(String(noBrowser));
  return chromium.launch({
    executablePath: executable,
    args: ARGUMENTS,
    headless: true,
    chromiumSandbox: false,
  });
}
