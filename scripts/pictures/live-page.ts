// The live page, of a server under load. Takes as long as the charts are wide: five minutes.

import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { ADMIN_ARGS, adminPort } from "../../test/support/admin.ts";
import { runLoad } from "../../test/support/load.ts";
import { begin } from "../../test/support/requests.ts";
import { startServer } from "../../test/support/server.ts";
import { savePicture } from "./picture.ts";

const SECONDS = 320;
const WIDE = { width: 1280, height: 800 };
const LOOKS = {
  light: { viewport: WIDE, colorScheme: "light" },
  dark: { viewport: WIDE, colorScheme: "dark" },
  narrow: { viewport: { width: 320, height: 1500 }, colorScheme: "light" },
} as const;

export async function takeLivePage(browser: Browser, seconds = SECONDS): Promise<void> {
  await using server = await startServer("shop:app", {
    args: [...ADMIN_ARGS, "--workers", "4:8", "--request-timeout", "60s"],
  });
  const url = `http://127.0.0.1:${await adminPort(server)}/`;
  const pages: [string, Page][] = [];
  for (const [name, look] of Object.entries(LOOKS)) {
    const page = await browser.newPage(look);
    await page.goto(url);
    pages.push([name, page]);
  }
  const begun = performance.now();
  const at = (share: number): Promise<void> =>
    delay(Math.max(0, begun + share * seconds * 1000 - performance.now()));
  const load = [
    visit(server.port, 10, seconds + 8, () =>
      Math.random() < 0.3 ? "/search/books" : "/products/7",
    ),
    at(0.35).then(() => visit(server.port, 40, seconds * 0.12, () => "/search/wine")),
    at(0.7).then(() => visit(server.port, 3, seconds * 0.06, () => "/cart")),
  ];
  await at(0.3);
  server.signal("SIGHUP");
  await at(0.6);
  using dying = begin(server.port, "POST", "/export/42");
  await dying.response();
  await delay(Math.max(0, begun + seconds * 1000 - 16_000 - performance.now()));
  using hanging = begin(server.port, "GET", "/reports/monthly");
  await delay(6000);
  using second = begin(server.port, "GET", "/reports/monthly");
  await delay(5000);
  for (const [name, page] of pages) await take(page, name);
  await Promise.all(load);
  for (const client of [hanging, second]) client.socket.destroy();
}

/** Clients that ask one page after another, for so many seconds. */
async function visit(port: number, clients: number, seconds: number, page: () => string) {
  const end = performance.now() + seconds * 1000;
  await runLoad({
    port,
    clients,
    method: "GET",
    pauseMs: 90,
    next: () => {
      if (performance.now() > end) return undefined;
      return Math.random() < 0.01 ? "/nothing" : page();
    },
  });
}

async function take(page: Page, name: string): Promise<void> {
  await page.locator("#slow button").first().click();
  await page.locator("#slow .frames").first().waitFor();
  await page.mouse.move(0, 0);
  await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)");
  await delay(1200);
  savePicture(`live-page-${name}`, await page.screenshot());
}
