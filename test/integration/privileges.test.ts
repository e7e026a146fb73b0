import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get, message, post } from "../support/requests.ts";
import {
  accountOf,
  credentialsOf,
  pythonFor,
  statusAs,
  whyNoPrivileges,
} from "../support/privileges.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const nobody = accountOf("nobody");
const skip = whyNoPrivileges(nobody) ?? false;
const account = nobody ?? { name: "nobody", uid: -1, gid: -1, home: "" };
const python = pythonFor(account) ?? "";

/** A directory in which nobody may create files, as the temporary directory of a service. */
function directoryOfNobody(): string {
  const directory = ServerUnderTest.makeDirectory();
  chownSync(directory, account.uid, account.gid);
  return directory;
}

/** A server that becomes nobody. */
function start(
  application: string,
  args: readonly string[] = [],
  directory = directoryOfNobody(),
): Promise<ServerUnderTest> {
  const all = ["--user", "nobody", "--python", python, "--workers", "1", ...args];
  return startServer(application, { directory, args: all });
}

const four = (id: number): string => `${id} ${id} ${id} ${id}`;
const NO_CAPABILITY = "0000000000000000";

/** A free port that only root may listen on. */
async function privilegedPort(): Promise<number> {
  for (let port = 1023; port > 600; port--) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => {
        resolve(false);
      });
      server.listen(port, "127.0.0.1", () => {
        resolve(true);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
  throw new Error("no free port below 1024");
}

describe("--user", { skip }, () => {
  it("binds as root; then front, zygote and workers are that user and nothing else", async () => {
    const port = await privilegedPort();
    await using server = await start("surroundings:app", ["--bind", `127.0.0.1:${port}`]);
    const { environment } = JSON.parse((await get(port, "/")).body.toString());
    assert.equal(environment.HOME, account.home);
    assert.equal(environment.USER, "nobody");
    const tree = [server.pid, ...server.zygotes, ...server.workers];
    assert.equal(tree.length, 3);
    for (const pid of tree) {
      assert.deepEqual(credentialsOf(pid), {
        Uid: four(account.uid),
        Gid: four(account.gid),
        Groups: String(account.gid),
        CapPrm: NO_CAPABILITY,
        CapEff: NO_CAPABILITY,
      });
    }
  });

  it("keeps sockets and bodies where that user alone may look", async () => {
    await using server = await start("echo:app", ["--body-memory", "1KiB"]);
    const [name] = readdirSync(server.temporaryDirectory).filter((entry) =>
      entry.startsWith("rickhouse-"),
    );
    assert.ok(name !== undefined, "it is not in TMPDIR");
    const path = join(server.temporaryDirectory, name);
    const { mode, uid, gid } = statSync(path);
    assert.deepEqual([mode & 0o777, uid, gid], [0o700, account.uid, account.gid]);
    const stranger = accountOf("daemon");
    if (stranger !== undefined) assert.notEqual(statusAs(stranger, ["/bin/ls", path]), 0);
    // A body in a file, which the worker opens by its name.
    const body = "x".repeat(100_000);
    assert.equal((await post(server.port, "/", body)).status, 200);
  });

  it("gives it the Unix sockets that clients connect to", async () => {
    const directory = directoryOfNobody();
    const path = join(directory, "public.sock");
    const admin = join(directory, "admin.sock");
    const args = ["--bind", `unix:${path}`, "--admin", `unix:${admin}`];
    await using _ = await start("plain:app", args, directory);
    const { mode, uid, gid } = statSync(path);
    assert.deepEqual([mode & 0o777, uid, gid], [0o660, account.uid, account.gid]);
    const ofAdmin = statSync(admin);
    assert.deepEqual([ofAdmin.mode & 0o777, ofAdmin.uid], [0o600, account.uid]);
    assert.equal((await get(path, "/")).status, 200);
  });

  it("ends well though it may not remove a Unix socket of root's directory", async () => {
    const directory = ServerUnderTest.makeDirectory();
    chmodSync(directory, 0o755);
    const path = join(directory, "public.sock");
    await using server = await start("gated:app", ["--bind", `unix:${path}`]);
    using client = begin(path, "GET", "/held");
    await noted(server, /^GET held in/);
    server.signal("SIGTERM");
    await server.logged("finishing 1 connection");
    openGate(server, "held");
    assert.equal((await client.response()).status, 200);
    assert.equal((await server.exited()).code, 0);
    assert.equal(existsSync(path), true);
  });

  it("needs root no more: reload and a lost zygote are as ever", async () => {
    await using server = await start("plain:app");
    server.signal("SIGHUP");
    await server.logged("generation 2 serves");
    await waitFor("the old zygote to go", () => server.zygotes.length === 1);
    const [zygote = 0] = server.zygotes;
    process.kill(zygote, "SIGKILL");
    await server.logged("generation 3 serves");
    await waitFor("the new one", () => !server.zygotes.includes(zygote));
    for (const pid of server.zygotes) assert.equal(credentialsOf(pid)["Uid"], four(account.uid));
    assert.equal((await get(server.port, "/")).status, 200);
  });

  it("refuses a reload where it may not look for its file, and serves on", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "rickhouse-test-"));
    const directory = directoryOfNobody();
    const args = ["--user", "nobody", "--python", python, "--workers", "1"];
    const application = join(ROOT, "test/apps/plain:app");
    await using server = await startServer(application, { directory, args, cwd });
    server.signal("SIGHUP");
    await server.logged(
      `reload refused: ${cwd}/rickhouse.toml: cannot be looked at (EACCES); let the server's user enter`,
    );
    assert.equal((await get(server.port, "/")).status, 200);
    rmSync(cwd, { recursive: true });
  });

  it("writes an access log that can be opened again", async () => {
    const directory = directoryOfNobody();
    const path = join(directory, "access");
    await using server = await start("plain:app", ["--access-log", path], directory);
    assert.equal(statSync(path).uid, account.uid);
    renameSync(path, `${path}.1`);
    server.signal("SIGUSR1");
    await waitFor("the new file", () => existsSync(path));
    assert.equal((await get(server.port, "/")).status, 200);
    await waitFor("its line", () => statSync(path).size > 0);
  });

  it("opens an access log as root where that user may not", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const path = join(directory, "access");
    await using server = await start("plain:app", ["--access-log", path]);
    assert.equal(statSync(path).uid, 0);
    assert.equal((await get(server.port, "/")).status, 200);
    await waitFor("its line", () => statSync(path).size > 0);
  });

  for (const option of ["--access-log", "--log"]) {
    it(`does not write ${option} as root where that user could have laid a link`, () => {
      const directory = directoryOfNobody();
      const precious = join(ServerUnderTest.makeDirectory(), "precious");
      writeFileSync(precious, "", { mode: 0o600 });
      const path = join(directory, "log");
      symlinkSync(precious, path);
      const { status, stderr } = launch(["--user", "nobody", option, path]);
      assert.equal(status, 2);
      assert.match(stderr, /^rickhouse: --\S+ \S+: cannot be written \(EACCES\); .*\n$/);
      assert.equal(statSync(precious).size, 0);
    });
  }

  it("steers a server of theirs from where they may not enter, if it is named in full", async () => {
    const directory = directoryOfNobody();
    const socket = join(directory, "admin.sock");
    await using server = await start("plain:app", ["--admin", `unix:${socket}`], directory);
    const cwd = ServerUnderTest.makeDirectory();
    chmodSync(cwd, 0o700);
    const { uid, gid } = account;
    const words = ["status", "--config", "off", "--admin", `unix:${socket}`];
    const options = { uid, gid, cwd, encoding: "utf8" } as const;
    const told = spawnSync(join(ROOT, "bin/rickhouse"), words, options);
    assert.equal(told.status, 0, told.stderr);
    assert.match(told.stdout, new RegExp(`process ${server.pid}`));
  });

  it("does not write a log as root behind a link of root's to where that user has directories", () => {
    const directory = directoryOfNobody();
    const precious = join(ServerUnderTest.makeDirectory(), "precious");
    writeFileSync(precious, "", { mode: 0o600 });
    symlinkSync(precious, join(directory, "log"));
    mkdirSync(join(directory, "release"));
    const own = ServerUnderTest.makeDirectory();
    symlinkSync(join(directory, "release"), join(own, "current"));
    const { status } = launch(["--user", "nobody", "--log", `${own}/current/../log`]);
    assert.equal(status, 2);
    assert.equal(statSync(precious).size, 0);
  });

  it("tells in one line of a log below a file", () => {
    const { status, stderr } = launch(["--user", "nobody", "--log", "/etc/passwd/log"]);
    assert.equal(status, 2);
    assert.match(stderr, /^rickhouse: --log \S+: cannot be written \(ENOTDIR\); .*\n$/);
  });

  it("takes numbers, and another group", async () => {
    const args = ["--user", String(account.uid), "--group", "1"];
    await using server = await start("plain:app", args);
    for (const pid of [server.pid, ...server.zygotes, ...server.workers]) {
      const credentials = credentialsOf(pid);
      assert.equal(credentials["Uid"], four(account.uid));
      assert.equal(credentials["Gid"], four(1));
    }
  });

  it("drains and leaves nothing behind", async () => {
    await using server = await start("plain:app");
    using client = new RawClient(server.port);
    client.send(message("GET", "/"));
    await client.response();
    server.signal("SIGTERM");
    await client.ended();
    client.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  for (const [words, line] of [
    [["--user", "nobody-of-that-name"], /^rickhouse: --user nobody-of-that-name: no such user; /],
    [["--user", "nobody", "--group", "no-such"], /^rickhouse: --group no-such: no such group; /],
    [["--user", "123456"], /^rickhouse: --user 123456: no such user; .* and a --group\n$/],
  ] as const) {
    it(`says what is wrong with ${words.join(" ")} in one line`, () => {
      const { status, stderr } = launch(words);
      assert.equal(status, 2);
      assert.match(stderr, line);
      assert.equal(stderr.split("\n").length, 2);
    });
  }

  it("names a working directory that its user may not enter", () => {
    const closed = ServerUnderTest.makeDirectory();
    chmodSync(closed, 0o700);
    for (const command of [[], ["check"]]) {
      const words = [...command, "--chdir", closed];
      const { status, stderr } = launch(words, { uid: account.uid, gid: account.gid });
      assert.equal(status, 2);
      assert.match(
        stderr,
        /^rickhouse: working directory \S+: cannot be entered \(EACCES\); .*\n$/,
      );
    }
  });

  it("is who imports the application for `rickhouse check`", () => {
    const directory = directoryOfNobody();
    const lines = [
      "import os",
      "assert os.getuid() != 0 and os.getgroups() != [0]",
      'assert "RICKHOUSE_ADMIN_TOKEN" not in os.environ',
      'os.close(os.open("made", os.O_CREAT, 0o666))',
      "def app(environ, start_response): ...",
    ];
    writeFileSync(join(directory, "checked.py"), `${lines.join("\n")}\n`);
    const words = [
      "check",
      "--user",
      "nobody",
      "--umask",
      "077",
      "--python",
      python,
      "checked:app",
    ];
    const { status, stderr } = spawnSync(join(ROOT, "bin/rickhouse"), words, {
      cwd: directory,
      env: { ...process.env, RICKHOUSE_ADMIN_TOKEN: "a-token-that-is-long-enough" },
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.equal(status, 0, stderr);
    const { uid, mode } = statSync(join(directory, "made"));
    assert.deepEqual([uid, mode & 0o777], [account.uid, 0o600]);
  });

  it("is for root alone", () => {
    const { status, stderr } = launch(["--user", "daemon"], { uid: account.uid, gid: account.gid });
    assert.equal(status, 2);
    assert.match(stderr, /^rickhouse: --user daemon: only root can become another user, .*\n$/);
  });
});

function launch(
  words: readonly string[],
  as: { uid?: number; gid?: number } = {},
): { status: number | null; stderr: string } {
  const args = ["--python", python, "--bind", "127.0.0.1:0", ...words, "test/apps/plain:app"];
  return spawnSync(join(ROOT, "bin/rickhouse"), args, {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 30_000,
    ...as,
  });
}
