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

/** A server whose log is a file of plain lines. */
class LoggingToFile {
  readonly path: string;
  readonly server: ServerUnderTest;

  constructor(application: string, options: { args?: string[]; env?: Record<string, string> }) {
    const directory = ServerUnderTest.makeDirectory();
    this.path = join(directory, "log");
    this.server = new ServerUnderTest(join(import.meta.dirname, "../apps", application), {
      args: ["--workers", "1", "--log", this.path, ...(options.args ?? [])],
      env: options.env ?? {},
      directory,
    });
  }

  get text(): string {
    return existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
  }

  async port(): Promise<number> {
    const found = (): string | undefined =>
      / rickhouse: serving [^\n]*? at http:\/\/[^ ]*:(\d+)/.exec(this.text)?.[1];
    return Number(await waitFor("the banner", found));
  }
}

/** Each line that is not indented begins with the time. */
function assertTimed(text: string): void {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("    "));
  for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z rickhouse/);
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
    const log = new LoggingToFile("plain:app", { args: ["--log-level", "info"] });
    await using server = log.server;
    await log.port();
    assert.equal(server.stderr, "");
    renameSync(log.path, `${log.path}.1`);
    server.signal("SIGUSR1");
    await waitFor("the new file", () => existsSync(log.path));
    server.signal("SIGTTIN");
    await waitFor("a line in it", () => log.text.includes("workers at least"));
    assertTimed(log.text);
  });

  for (const threads of ["1", "2"]) {
    it(`has tracebacks of failed requests in its file, with their ids (--threads ${threads})`, async () => {
      const log = new LoggingToFile("talking:app", { args: ["--threads", threads] });
      await using server = log.server;
      const port = await log.port();
      for (const _ of [1, 2]) {
        const { status, fields } = await get(port, "/raise?secret");
        assert.equal(status, 500);
        const id = fields.get("x-request-id") ?? "";
        const [pid = 0] = server.workers;
        const line = `Z rickhouse worker\\[${pid}\\]: error in GET /raise \\[${id}\\]\n {4}Traceback `;
        const report = new RegExp(`${line}[^]*\n {4}ValueError: what a pity\n`);
        await waitFor(
          () => `the report in ${log.text}`,
          () => report.test(log.text),
        );
        assertTimed(log.text);
        assert.doesNotMatch(log.text, /caught|secret/);
        renameSync(log.path, `${log.path}.old`);
        server.signal("SIGUSR1");
        await waitFor("the new file", () => existsSync(log.path));
      }
      await server.logged("caught");
      assert.doesNotMatch(server.stderr, /rickhouse|what a pity/);
    });
  }

  for (const preload of ["on", "off"]) {
    it(`has in its file why the start failed, which standard error tells too (--preload ${preload})`, async () => {
      const log = new LoggingToFile("talking:app", {
        args: ["--preload", preload],
        env: { TALKING_FAILS: "1" },
      });
      await using server = log.server;
      assert.equal((await server.exited()).code, 3);
      const { text } = log;
      assertTimed(text);
      assert.match(
        text,
        /: the application does not load\n {4}Traceback [^]*RuntimeError: not today/,
      );
      const [, said = "nothing"] = /^rickhouse: (.*)\n$/.exec(server.stderr) ?? [];
      assert.ok(text.endsWith(`Z rickhouse: error: ${said}\n`), `${server.stderr} in ${text}`);
    });
  }

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
