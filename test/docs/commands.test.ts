// Every command that stands in a fence of `sh` or `console`, on any page, is run here as its reader would run it, or stands in NOT_RUN with the reason why
// not and the test that has it instead.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { commandsOf, type Fence, fencesOf, isShell, PAGES } from "../support/pages.ts";
import { PageRunner } from "../support/page-runner.ts";
import { ROOT } from "../support/server.ts";

const REGISTRY = "downloads from the registries; done, and served from, there:";
const SYSTEMD = "needs a machine that runs systemd; the unit files are tested there:";
/** Above the deadlines of the runner: nothing waits for ever. */
const LIMIT = { timeout: 120_000 };
const PROXY = "changes the machine's own proxy; this very file is run there:";
const ITSELF = "what runs this test";

/** Command -> why it is not run here, and, behind a colon, the test that has it. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npm ci && npm start": `${REGISTRY} test/integration/examples-commands.test.ts`,
  "git clone <this repository> && cd rickhouse": "a name to fill in",
  "npm ci": "what has made it possible to run this test",
  "npm start": `the same: test/integration/examples-commands.test.ts`,
  "npm test": ITSELF,
  "npm run build": `${REGISTRY} test/packages/packages.test.ts`,
  "npm install ./build/rickhouse-0.1.0.tgz": `${REGISTRY} test/packages/packages.test.ts`,
  "npx rickhouse flask_app:app": `${REGISTRY} test/packages/packages.test.ts`,
  "pip install ./build/rickhouse-0.1.0-py3-none-any.whl": `${REGISTRY} test/packages/packages.test.ts`,
  "python -m rickhouse flask_app:app": `${REGISTRY} test/packages/packages.test.ts`,
  "haproxy -c -f haproxy.cfg":
    "needs HAProxy; this very file is run there: test/faults/haproxy.test.ts",
  "sudo cp haproxy.cfg /etc/haproxy/haproxy.cfg && sudo systemctl reload haproxy": `${PROXY} test/faults/haproxy.test.ts`,
  "sudo cp rickhouse.conf /etc/nginx/conf.d/ && sudo nginx -t && sudo systemctl reload nginx": `${PROXY} test/faults/nginx.test.ts`,
  "ssh -L 8889:127.0.0.1:8889 web1": "a machine that is not here",
  "systemctl daemon-reload": `${SYSTEMD} test/integration/service-manager.test.ts`,
  "systemctl enable --now rickhouse.socket rickhouse.service": `${SYSTEMD} test/integration/service-manager.test.ts`,
  "systemctl reload rickhouse": `${SYSTEMD} test/integration/service-manager.test.ts`,
  "systemctl restart rickhouse": `${SYSTEMD} test/integration/service-manager.test.ts`,
};

/** Parts of the suite and the benchmarks: to run them here would be to run all of it. */
const OWN_SUITE = /^(?:\w+=\S+ )*npm run \S/;

/** What stands on a page before its first command. */
const BEFOREHAND: Readonly<Record<string, readonly string[]>> = {
  "docs/control.md": ["rickhouse app:app"],
};

const shell = PAGES.flatMap((page) => fencesOf(page)).filter(isShell);

// Each page has its own directory and ports.
describe("commands of the pages", { concurrency: 2 }, () => {
  for (const page of PAGES) {
    const fences = fencesOf(page).filter(isRunHere);
    if (fences.some(isShell)) {
      describe(page, { concurrency: 1 }, () => {
        let runner: PageRunner;
        before(async () => {
          runner = await PageRunner.create();
          for (const command of BEFOREHAND[page] ?? []) await runner.run(command);
        });
        after(async () => runner[Symbol.asyncDispose]());

        for (const fence of fences) runFence(fence, () => runner);
      });
    }
  }

  it("leave out none without a reason, and name no test that is not there", () => {
    const all = new Set(shell.flatMap(commandsOf));
    for (const [command, why] of Object.entries(NOT_RUN)) {
      assert.ok(all.has(command), `no page says ${command}: take it off NOT_RUN`);
      const test = /: (test\/\S+)$/.exec(why)?.[1];
      if (test !== undefined) assert.ok(existsSync(join(ROOT, test)), `${command}: ${why}`);
    }
  });
});

function isLeftOut(command: string): boolean {
  return command in NOT_RUN || OWN_SUITE.test(command);
}

function isRunHere(fence: Fence): boolean {
  return (
    fence.file !== undefined ||
    (isShell(fence) && commandsOf(fence).some((command) => !isLeftOut(command)))
  );
}

function runFence(fence: Fence, runner: () => PageRunner): void {
  const { file } = fence;
  if (file !== undefined) {
    it(`line ${fence.line}: ${file} is written`, () => runner().writeFile(file, fence.text));
    return;
  }
  for (const command of commandsOf(fence)) {
    if (!isLeftOut(command))
      it(`line ${fence.line}: ${command}`, LIMIT, async () => runner().run(command));
  }
}
