import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { get } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly pid: number;
  readonly request_id?: string;
  readonly request?: string;
}

function linesOf(text: string): Line[] {
  return (
    text
      .split("\n")
      .filter((line) => line.startsWith('{"time"'))
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the test then checks
      .map((line) => JSON.parse(line) as Line)
  );
}

describe("the server log", () => {
  it("is JSON lines when asked to, with the id of a request that died", async () => {
    const args = ["--workers", "1", "--log-format", "json"];
    await using server = await startServer("dying:app", { args });
    const answer = await get(server.port, "/exit");
    assert.equal(answer.status, 502);
    const id = answer.fields.get("x-request-id");
    const find = (): Line | undefined =>
      linesOf(server.stderr).find((line) => line.request_id === id);
    const line = await waitFor("its line", find);
    assert.equal(line.level, "error");
    assert.equal(line.request, "GET /exit");
    assert.equal(line.pid, server.pid);
    assert.match(line.message, /ended by exit status 7 while it ran GET \/exit/);
    assert.ok(linesOf(server.stderr).some(({ message }) => message.startsWith("serving ")));
  });

  it("goes to a file, which is opened again, and leaves out what is below its level", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "log");
    const args = ["--workers", "1", "--log", path, "--log-level", "info"];
    const server = new ServerUnderTest(join(import.meta.dirname, "../apps/plain:app"), {
      args,
      directory,
    });
    await using _ = server;
    const textOf = (): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
    await waitFor("the banner", () => textOf().includes("rickhouse: serving "));
    assert.equal(server.stderr, "");
    renameSync(path, `${path}.1`);
    server.signal("SIGUSR1");
    await waitFor("the new file", () => existsSync(path));
    server.signal("SIGTTIN");
    await waitFor("a line in it", () => textOf().includes("workers wanted"));
  });

  it("says that its file cannot be written, and ends", async () => {
    const server = new ServerUnderTest("x:app", { args: ["--log", "/nonexistent/log"] });
    await using _ = server;
    const { code } = await server.exited();
    assert.equal(code, 2);
    assert.match(
      server.stderr,
      /^rickhouse: --log \/nonexistent\/log: cannot be written \(ENOENT\); name a file/,
    );
  });
});
