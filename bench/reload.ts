// npm run bench:reload [-- SAVES]: how long after a save `rickhouse dev` answers with the new code, beside what the import of that code takes by
// itself: the same interpreter, the same files, at the same moment. Three applications: one file, Flask, Flask in twelve modules.

import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { setUpExamples } from "../scripts/python-environment.ts";
import { Project } from "../test/support/development.ts";
import { machineFacts } from "./machine.ts";

const MODULES = 12;
/** From one save to the next: a person looks at the page in between. */
const PAUSE_MS = 1000;

const PLAIN = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [WORD.encode()]
`;
const FLASK = `
from flask import Flask

app = Flask(__name__)

@app.get("/")
def index():
    return WORD
`;
const PART = `
from dataclasses import dataclass
from flask import Blueprint

pages = Blueprint(__name__.replace(".", "_"), __name__)

${Array.from({ length: 20 }, (_, at) => `@dataclass\nclass Item${at}:\n    name: str\n    count: int = 0\n`).join("\n")}
`;

/** The file that is saved is `main.py`; `WORD` is what changes. */
const APPLICATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "one file": { "main.py": PLAIN },
  Flask: { "main.py": FLASK },
  [`Flask, ${MODULES} modules`]: {
    "main.py": `${FLASK}\n${range(MODULES, (at) => `from shop import part${at}`)}\n${range(MODULES, (at) => `app.register_blueprint(part${at}.pages, url_prefix="/${at}")`)}\n`,
    "shop/__init__.py": "",
    ...Object.fromEntries(Array.from({ length: MODULES }, (_, at) => [`shop/part${at}.py`, PART])),
  },
};

async function main(): Promise<void> {
  const saves = Number(process.argv[2] ?? 12);
  const python = setUpExamples();
  for (const [fact, value] of Object.entries(machineFacts(python))) print(`${fact}: ${value}`);
  print(`${saves} saves each, milliseconds: median (least to most)`);
  for (const [name, files] of Object.entries(APPLICATIONS)) {
    const { shown, alone } = await measure(files, python, saves);
    const beside = shown.map((ms, at) => ms - (alone[at] ?? 0));
    print(
      `${name}: shown ${spread(shown)}, import alone ${spread(alone)}, beside it ${spread(beside)}`,
    );
  }
}

async function measure(files: Readonly<Record<string, string>>, python: string, saves: number) {
  await using project = new Project(files);
  // What the server does not see: its import is measured without disturbing it.
  await using twin = new Project(files);
  const source = files["main.py"] ?? "";
  const save = (where: Project, word: string): void => {
    where.write("main.py", `WORD = "${word}"\n${source}`);
  };
  save(project, "word-0");
  save(twin, "word-0");
  importAlone(twin, python);
  await project.serve("main:app", "--debug", "--workers", "1:4", "--python", python);
  const shown: number[] = [];
  const alone: number[] = [];
  for (let at = 1; at <= saves; at++) {
    await delay(PAUSE_MS);
    const word = `word-${at}`;
    const savedAt = performance.now();
    save(project, word);
    const answer = await project.get();
    shown.push(performance.now() - savedAt);
    if (answer !== `200 ${word}`) throw new Error(`old code answered: ${answer}`);
    save(twin, word);
    alone.push(importAlone(twin, python));
  }
  return { shown, alone };
}

/** Milliseconds of the import statement, the start of the interpreter aside. */
function importAlone({ directory }: Project, python: string): number {
  const code =
    "import time; at = time.perf_counter(); import main; print((time.perf_counter() - at) * 1000)";
  const { stdout, stderr } = spawnSync(python, ["-c", code], { cwd: directory, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return Number(stdout);
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b).map(Math.round);
  return `${sorted[sorted.length >> 1]} (${sorted[0]} to ${sorted.at(-1)})`;
}

function range(count: number, text: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => text(at)).join("\n");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
