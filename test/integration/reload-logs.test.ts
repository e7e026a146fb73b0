// What a reload changes of the logs.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { get } from "../support/requests.ts";
import { ServerUnderTest, waitFor } from "../support/server.ts";

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

describe("SIGHUP and the logs", () => {
  it("takes another level, file and format, and loses no line", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const config = join(directory, "server.toml");
    const [first, second] = [join(directory, "first"), join(directory, "second")];
    const app = join(import.meta.dirname, "../apps/plain:app");
    const head = `application = "${app}"\nworkers = "1:2"\n`;
    writeFileSync(config, `${head}access-log = "${first}"\n`);
    const args = ["--config", config];
    const server = new ServerUnderTest(null, { directory, args, logsAccess: true });
    await using _ = server;
    await server.ready();
    for (let i = 0; i < 20; i++) await get(server.port, `/first${i}?query`);
    writeFileSync(
      config,
      `${head}access-log = "${second}"\naccess-log-format = "{target}"\naccess-log-query = "off"\nlog-level = "warning"\n`,
    );
    server.signal("SIGHUP");
    await waitFor("lines in the second file", async () => {
      await get(server.port, "/second?query");
      return textOf(second).startsWith("/second\n");
    });
    await waitFor("all in the first", () => textOf(first).includes("/first19?query"));
    assert.equal(textOf(first).split("/first").length - 1, 20);
    // The reload is over, and with it the workers of the old generation.
    await waitFor("one worker", () => server.zygotes.length === 1 && server.workers.length === 1);
    const before = server.stderr;
    server.signal("SIGTTIN"); // Says something at level info.
    await waitFor("a second worker", () => server.workers.length === 2);
    assert.equal(server.stderr, before);
  });

  it("goes on with the old file where the new one cannot be opened", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const config = join(directory, "server.toml");
    const first = join(directory, "first");
    const app = join(import.meta.dirname, "../apps/plain:app");
    const head = `application = "${app}"\nworkers = 1\n`;
    writeFileSync(config, `${head}access-log = "${first}"\n`);
    const server = new ServerUnderTest(null, {
      directory,
      args: ["--config", config],
      logsAccess: true,
    });
    await using _ = server;
    await server.ready();
    writeFileSync(config, `${head}access-log = "/nonexistent/log"\n`);
    server.signal("SIGHUP");
    await server.logged("--access-log /nonexistent/log: cannot be written (ENOENT)");
    await get(server.port, "/later");
    await waitFor("a line in the old file", () => textOf(first).includes("/later"));
  });
});
