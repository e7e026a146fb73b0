// The files of a running server are replaced, as an upgrade of its package does it.

import assert from "node:assert/strict";
import { cpSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ADMIN_ARGS, adminPort, ask } from "../support/admin.ts";
import { get } from "../support/requests.ts";
import { ROOT, ServerUnderTest } from "../support/server.ts";

const APP = join(ROOT, "test/apps/plain:app");

/** A copy of this checkout, which a test may change. */
function copy(): {
  readonly adminServer: string;
  readonly page: string;
  readonly start: (...args: string[]) => ServerUnderTest;
} {
  const directory = ServerUnderTest.makeDirectory();
  const root = join(directory, "copy");
  for (const part of ["bin", "src", "python/src", "package.json"])
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  // The launcher of the checkout becomes the name under which that of the copy is started.
  const startedBy = ["/bin/sh", "-c", `exec ${join(root, "bin/rickhouse")} "$@"`];
  return {
    adminServer: join(root, "src/io/admin/admin-server.ts"),
    page: join(root, "src/page"),
    start: (...args) =>
      new ServerUnderTest(APP, { directory, startedBy, args: ["--workers", "1", ...args] }),
  };
}

function controlSocketOf({ temporaryDirectory }: ServerUnderTest): string {
  const [name = ""] = readdirSync(temporaryDirectory).filter((each) =>
    each.startsWith("rickhouse-"),
  );
  return join(temporaryDirectory, name, "control.sock");
}

describe("an upgrade of the package below a running server", () => {
  it("does not reach what answers the first control command", async () => {
    const { adminServer, start } = copy();
    await using server = await start().ready();
    renameSync(adminServer, `${adminServer}.gone`);
    assert.equal((await ask(controlSocketOf(server), "/livez")).status, 200);
    assert.doesNotMatch(server.stderr, /error|cannot/);
  });

  it("does not reach the live page", async () => {
    const { page, start } = copy();
    await using server = await start(...ADMIN_ARGS).ready();
    renameSync(page, `${page}.gone`);
    const admin = await adminPort(server);
    const { status, body } = await ask(admin, "/");
    assert.equal(status, 200);
    const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(body) ?? [];
    assert.match(
      (await ask(admin, new URL(script, "http://localhost").pathname)).body,
      /^import /m,
    );
  });

  it("that takes it away costs who asks an answer, with a line, and nobody else anything", async () => {
    const { adminServer, start } = copy();
    renameSync(adminServer, `${adminServer}.gone`);
    await using server = await start().ready();
    const control = controlSocketOf(server);
    await assert.rejects(ask(control, "/livez"));
    await server.logged(/what answers control commands cannot be loaded: .*; if the package was/);
    assert.equal((await get(server.port, "/")).status, 200);
    renameSync(`${adminServer}.gone`, adminServer);
    assert.equal((await ask(control, "/livez")).status, 200);
  });
});
