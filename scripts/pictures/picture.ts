// A picture of the pages in docs/: where it is kept, and how small.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { smallPng } from "../small-png.ts";

const IMAGES = join(import.meta.dirname, "../../docs/images");

/** `screenshot` as the browser gives it. `exact`: each colour is kept, also one that only a word or two has. */
export function savePicture(name: string, screenshot: Buffer, { exact = false } = {}): void {
  mkdirSync(IMAGES, { recursive: true });
  const picture = exact ? screenshot : smallPng(screenshot);
  writeFileSync(join(IMAGES, `${name}.png`), picture);
  process.stdout.write(`${name}.png ${Math.ceil(picture.length / 1024)} KiB\n`);
}
