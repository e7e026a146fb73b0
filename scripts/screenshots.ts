// npm run screenshots [-- live-page|development|access-log [SECONDS]]: the pictures in docs/images, of real servers in a real Chromium.

import { launchBrowser } from "../test/support/browser.ts";
import { takeAccessLog } from "./pictures/access-log.ts";
import { takeDevelopment } from "./pictures/development.ts";
import { takeLivePage } from "./pictures/live-page.ts";

const [only, seconds] = process.argv.slice(2);
const browser = await launchBrowser();
try {
  if (only === undefined || only === "access-log") await takeAccessLog(browser);
  if (only === undefined || only === "development") await takeDevelopment(browser);
  if (only === undefined || only === "live-page")
    await takeLivePage(browser, seconds === undefined ? undefined : Number(seconds));
} finally {
  await browser.close();
}
