// The live page of a server under test, in a browser.

import type { Browser, Page } from "playwright-core";
import { adminPort } from "./admin.ts";
import type { ServerUnderTest } from "./server.ts";

export type Look = Parameters<Browser["newPage"]>[0];

export interface OpenedPage {
  readonly page: Page;
  /** What went wrong in it. */
  readonly complaints: readonly string[];
}

/** It has shown a snapshot. */
export async function openLivePage(
  browser: Browser,
  server: ServerUnderTest,
  look: Look = {},
): Promise<OpenedPage> {
  const page = await browser.newPage(look);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${await adminPort(server)}/`);
  await page.locator("#state").getByText("serving").waitFor();
  return { page, complaints };
}

/** From now on the page takes each `snapshot` for what this JavaScript makes of it. */
export async function alterSnapshots(page: Page, script: string): Promise<void> {
  await page.evaluate(`(() => {
    const parse = JSON.parse;
    JSON.parse = (text) => {
      const snapshot = parse(text);
      ${script}
      return snapshot;
    };
  })()`);
}

/** Whether nobody looks at it. */
export async function hidePage(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}
