// node scripts/screenshots.ts: the pictures of the live page in docs/images, of a server under load in a real Chromium. Takes about a minute.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { ADMIN_ARGS, adminPort } from "../test/support/admin.ts";
import { launchBrowser } from "../test/support/browser.ts";
import { runLoad } from "../test/support/load.ts";
import { begin } from "../test/support/requests.ts";
import { startServer, type ServerUnderTest } from "../test/support/server.ts";

const IMAGES = join(import.meta.dirname, "../docs/images");
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 1400 };
const LOAD_MS = Number(process.argv[2] ?? 75) * 1000;

async function main(): Promise<void> {
  await using server = await startServer("shop:app", {
    args: [...ADMIN_ARGS, "--bind", "127.0.0.1:0", "--workers", "4:8", "--request-timeout", "120s"],
  });
  const url = `http://127.0.0.1:${await adminPort(server)}/`;
  const browser = await launchBrowser();
  try {
    const pages = await Promise.all([
      open(browser, url, { viewport: WIDE, colorScheme: "light" }),
      open(browser, url, { viewport: WIDE, colorScheme: "dark" }),
      open(browser, url, { viewport: NARROW, colorScheme: "light" }),
    ]);
    await beBusy(server, LOAD_MS, async () => {
      for (const page of pages) {
        await page.locator("#slow button").first().click();
        await page.locator("#slow pre").first().waitFor();
      }
      await delay(1500);
      for (const [index, name] of ["light", "dark", "narrow"].entries()) {
        await pages[index]?.screenshot({ path: join(IMAGES, `live-page-${name}.png`) });
      }
    });
  } finally {
    await browser.close();
    server.signal("SIGTERM");
    await delay(600);
    server.signal("SIGTERM");
  }
}

type Look = NonNullable<Parameters<Browser["newPage"]>[0]>;

async function open(browser: Browser, url: string, look: Look) {
  const page = await browser.newPage(look);
  page.on("console", (message) => console.log(message.type(), message.text()));
  page.on("pageerror", (error) => console.log(error));
  await page.goto(url);
  return page;
}

/** Requests of many kinds; `look` is called near the end, while they run. */
async function beBusy(server: ServerUnderTest, ms: number, look: () => Promise<void>) {
  const end = performance.now() + ms;
  const rush = [performance.now() + ms * 0.4, performance.now() + ms * 0.55] as const;
  const isRush = (): boolean => performance.now() > rush[0] && performance.now() < rush[1];
  const load = runLoad({
    port: server.port,
    clients: 24,
    method: "GET",
    pauseMs: 90,
    next(client) {
      if (performance.now() > end) return undefined;
      if (client > 10 && !isRush()) return "/nothing";
      const dice = Math.random();
      if (dice < 0.01) return "/nothing";
      if (dice < 0.015) return "/cart";
      return dice < (isRush() ? 0.7 : 0.35) ? `/search/${client}` : `/products/${client}`;
    },
  });
  await delay(ms * 0.3);
  server.signal("SIGHUP");
  await delay(ms * 0.2);
  using dying = begin(server.port, "POST", "/export/42");
  await delay(ms * 0.25);
  using hanging = begin(server.port, "GET", "/reports/monthly");
  await delay(ms * 0.12);
  using second = begin(server.port, "GET", "/reports/monthly");
  await delay(3000);
  await look();
  await load;
  for (const client of [dying, hanging, second]) void client;
}

await main();
