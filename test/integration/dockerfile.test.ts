// The image's parts that are commands, run where they stand: there is no container engine here.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { freePort } from "../support/free-ports.ts";
import { ROOT, serverEnvironment, ServerUnderTest } from "../support/server.ts";

const TEXT = readFileSync(join(ROOT, "Dockerfile"), "utf8").replaceAll(/\\\n\s*/g, "");

/** The words of an instruction in its form as a list: `ENTRYPOINT`, `HEALTHCHECK .* CMD`. */
function wordsOf(instruction: string): string[] {
  const list = new RegExp(String.raw`^${instruction} (\[.*\])$`, "m").exec(TEXT)?.[1];
  assert.ok(list !== undefined, instruction);
  const words: unknown = JSON.parse(list);
  assert.ok(Array.isArray(words));
  return words.map(String);
}

function variables(): Record<string, string> {
  const pairs = [...TEXT.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = ""]) => line.split(" "));
  return Object.fromEntries(pairs.map((pair) => pair.split("=", 2)));
}

describe("the Dockerfile", () => {
  it("has an entry point of no options, so that every one of them can be given", () => {
    assert.deepEqual(wordsOf("ENTRYPOINT"), ["tini", "--", "bin/rickhouse"]);
    const manifest = readFileSync(join(ROOT, "examples/kubernetes/rickhouse.yaml"), "utf8");
    const bind = /^ +- (--bind=.*)$/m.exec(manifest)?.[1] ?? "";
    const { status, stdout } = spawnSync(
      join(ROOT, "bin/rickhouse"),
      ["config", ...wordsOf("ENTRYPOINT").slice(3), bind],
      { env: { ...serverEnvironment(), ...variables() }, encoding: "utf8", timeout: 30_000 },
    );
    assert.equal(status, 0);
    assert.match(stdout, /^bind = \["0\.0\.0\.0:8888"\] +# --bind$/m);
  });

  it("listens everywhere, and its health check asks the server itself", async () => {
    const [node = "", ...args] = wordsOf("HEALTHCHECK .* CMD");
    const port = String(await freePort());
    const env = { ...variables(), PORT: port };
    const check = (): number | null =>
      spawnSync(node, args, { env: { ...serverEnvironment(), ...env }, timeout: 30_000 }).status;
    // An application that has no page of that name.
    await using server = new ServerUnderTest(join(ROOT, "examples/wsgi_app:app"), {
      bind: [],
      args: ["--workers", "1"],
      env,
    });
    await server.ready();
    assert.match(server.stderr, new RegExp(String.raw` at http://0\.0\.0\.0:${port}\b`));
    assert.equal(check(), 0);
    await server.stop();
    assert.equal(check(), 1);
  });
});
