// npm run tour: docs/tour.md anew: what everything that shows something looks like, by running it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHAPTERS, SHOP, type Chapter } from "./tour/chapters.ts";
import { TourRunner, withoutColours } from "./tour/runner.ts";
import { setUpFigures } from "./python-environment.ts";

const PAGE = join(import.meta.dirname, "../docs/tour.md");
const INTRODUCTION = `# A tour

For whoever wants to see what there is to see before trying it: each transcript was made by \`npm run tour\`, by running just these commands. A server
runs in one terminal, the commands in another. The [live page](live-page.md) has pictures.

The application, \`shop.py\`:

\`\`\`python
${SHOP}\`\`\`
`;

async function chapterOf({ title, text, steps }: Chapter, python: string): Promise<string> {
  await using runner = await TourRunner.create(python);
  runner.write("shop.py", SHOP);
  let seen = "";
  for (const step of steps) seen += await runner.step(step);
  return `## ${title}\n\n${text}\n\n\`\`\`text\n${withoutColours(seen)}\`\`\`\n`;
}

async function main(): Promise<void> {
  const only = process.argv[2];
  const python = setUpFigures();
  const parts: string[] = [INTRODUCTION];
  for (const chapter of CHAPTERS) {
    if (only !== undefined && !chapter.title.includes(only)) continue;
    parts.push(await chapterOf(chapter, python));
    process.stdout.write(`${chapter.title}\n`);
  }
  const page = parts.join("\n");
  if (only === undefined) writeFileSync(PAGE, page);
  else process.stdout.write(page);
}

await main();
