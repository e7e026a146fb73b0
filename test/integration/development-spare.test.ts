import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Project } from "../support/development.ts";
import { waitFor } from "../support/server.ts";
import { groupOf, isAlive } from "../support/processes.ts";

const ANSWERING = `
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{WORD} of {os.getppid()}".encode()]
`;

function saying(word: string, before = ""): string {
  return `${before}\nWORD = "${word}"\n${ANSWERING}`;
}

/** The interpreter that waits beside the zygote that serves. In a process group of its own: Python itself has started by then. */
async function spareOf({ server }: Project, serving: number): Promise<number> {
  return waitFor("an interpreter ahead", () =>
    server.zygotes.find((pid) => pid !== serving && groupOf(pid) === pid),
  );
}

/** The zygote whose workers answer `word`. */
async function servingZygote(project: Project, word: string): Promise<number> {
  const [, said, pid] = /^200 (\w+) of (\d+)$/.exec(await project.get()) ?? [];
  assert.equal(said, word);
  return Number(pid);
}

describe("the interpreter that --reload starts ahead", () => {
  it("imports what is saved next, and another takes its place", async () => {
    await using project = new Project({ "main.py": saying("zero") });
    await project.serve("main:app");
    let serving = await servingZygote(project, "zero");
    for (const word of ["one", "two"]) {
      const old = serving;
      const spare = await spareOf(project, old);
      project.write("main.py", saying(word));
      serving = await servingZygote(project, word);
      assert.equal(serving, spare);
      await waitFor("the old zygote's end", () => !project.server.zygotes.includes(old));
    }
    const spare = await spareOf(project, serving);
    await project.server.stop();
    assert.ok(!isAlive(spare));
  });

  it("is there after an import that failed", async () => {
    await using project = new Project({ "main.py": "def (:\n" });
    await project.serve("main:app");
    assert.match(await project.get(), /^500 /);
    const spare = await spareOf(project, 0);
    project.write("main.py", saying("mended"));
    assert.equal(await servingZygote(project, "mended"), spare);
  });

  it("is done without when it has gone", async () => {
    await using project = new Project({ "main.py": saying("zero") });
    await project.serve("main:app");
    const spare = await spareOf(project, await servingZygote(project, "zero"));
    process.kill(spare, "SIGKILL");
    await waitFor("its end to be seen", () => !project.server.zygotes.includes(spare));
    project.write("main.py", saying("one"));
    assert.notEqual(await servingZygote(project, "one"), spare);
  });

  it("finds what was installed meanwhile, also by a .pth file", async () => {
    await using library = new Project({ "far/__init__.py": "" });
    await using project = new Project({ "main.py": saying("zero") });
    const made = spawnSync("python3", ["-m", "venv", "--without-pip", project.path(".venv")]);
    assert.equal(made.status, 0, made.stderr.toString());
    const [packages = ""] = globSync(project.path(".venv/lib/python*/site-packages"));
    utimesSync(packages, 0, 0); // Installed long ago.
    await project.serve("main:app");
    await spareOf(project, await servingZygote(project, "zero"));
    writeFileSync(join(packages, "far.pth"), `${library.directory}\n`);
    project.write("main.py", saying("one", "import far"));
    await servingZygote(project, "one");
  });
});

describe("--reload of an application that cannot be shared across fork", () => {
  it("is not imported twice for each save", async () => {
    const before = "import sys, threading\nsys.stderr.write('IMPORTED\\n')";
    const after = "\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n";
    await using project = new Project({ "main.py": saying("zero", before) + after });
    await project.serve("main:app", "--workers", "1");
    const imports = (): number => project.server.stderr.split("IMPORTED").length - 1;
    await servingZygote(project, "zero");
    assert.equal(imports(), 2, "in the zygote, which finds the thread, and in the worker");
    project.write("main.py", saying("one", before) + after);
    await servingZygote(project, "one");
    assert.equal(imports(), 3);
  });
});
