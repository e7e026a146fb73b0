// The access log on a terminal, in its colours: what the first chapter of the tour prints.

import type { Browser } from "playwright-core";
import { setUpFigures } from "../python-environment.ts";
import { CHAPTERS, SHOP } from "../tour/chapters.ts";
import { TourRunner } from "../tour/runner.ts";
import { savePicture } from "./picture.ts";

/** Of a terminal's usual dark palette, by the number of the sequence that sets it. */
const COLOURS: Readonly<Record<string, string>> = {
  2: "#8b939c",
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  36: "#76d9e6",
};

export async function takeAccessLog(browser: Browser): Promise<void> {
  const [chapter] = CHAPTERS;
  await using runner = await TourRunner.create(setUpFigures());
  runner.write("shop.py", SHOP);
  let seen = "";
  for (const step of chapter?.steps ?? []) seen += await runner.step(step);
  const page = await browser.newPage({ viewport: { width: 1000, height: 200 } });
  await page.setContent(
    `<body style="margin:0;background:#14171a"><pre style="display:inline-block;margin:0;padding:14px;color:#e3e6e9;` +
      `font:13px/1.5 'DejaVu Sans Mono',monospace">${coloured(seen)}</pre>`,
  );
  savePicture("access-log", await page.locator("pre").screenshot(), { exact: true });
  await page.close();
}

function coloured(text: string): string {
  const plain = text.trimEnd().replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  // oxlint-disable-next-line no-control-regex -- it is what is looked for
  return plain.replaceAll(/\u001b\[(\d+)m/g, (_, code: string) =>
    code === "0" ? "</span>" : `<span style="color:${COLOURS[code] ?? "inherit"}">`,
  );
}
