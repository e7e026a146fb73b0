import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseArguments } from "../../src/cli/args.ts";
import { openGate, recordOf } from "../support/record.ts";
import { get } from "../support/requests.ts";
import { ROOT, ServerUnderTest, startServer, waitFor } from "../support/server.ts";

interface Notification {
  readonly state: string;
  readonly pid: number;
}

/** A stand-in for systemd: what the server told it, in order. */
class Receiver implements Disposable {
  readonly address: string;
  readonly #process: ChildProcess;
  #text = "";

  private constructor(address: string) {
    this.address = address;
    this.#process = spawn("python3", [join(ROOT, "test/support/notify_receiver.py"), address], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
  }

  static async start(address: string): Promise<Receiver> {
    const receiver = new Receiver(address);
    await receiver.heard(/^LISTENING$/);
    return receiver;
  }

  get notifications(): Notification[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- notify_receiver.py writes exactly these
    const parse = (line: string): Notification => JSON.parse(line) as Notification;
    return this.#text.split("\n").slice(0, -1).map(parse);
  }

  get watchdogs(): Notification[] {
    return this.notifications.filter(({ state }) => state === "WATCHDOG=1");
  }

  /** The first one from number `from` on that matches. */
  heard(state: RegExp, from = 0): Promise<Notification> {
    return waitFor(`${String(state)} in ${this.#text}`, () =>
      this.notifications.slice(from).find((notification) => state.test(notification.state)),
    );
  }

  [Symbol.dispose](): void {
    this.#process.kill("SIGKILL");
  }
}

function environmentOf(receiver: Receiver, more: object = {}): Record<string, string> {
  return { NOTIFY_SOCKET: receiver.address, ...more };
}

describe("a service manager", () => {
  for (const kind of ["in the file system", "abstract"]) {
    it(`hears when the server is ready and when it stops (a socket ${kind})`, async () => {
      const directory = ServerUnderTest.makeDirectory();
      const address = kind === "abstract" ? `@${directory}/notify` : join(directory, "notify");
      using receiver = await Receiver.start(address);
      const env = environmentOf(receiver);
      await using server = await startServer("plain:app", { directory, env });
      const ready = await receiver.heard(/^READY=1$/m);
      assert.match(ready.state, new RegExp(`^MAINPID=${server.pid}$`, "m"));
      assert.match(ready.state, /^STATUS=serving plain:app at http:/m);
      assert.equal(ready.pid, server.zygotes[0]);
      server.signal("SIGTERM");
      await receiver.heard(/^STOPPING=1\nSTATUS=SIGTERM: finishing 0 connections$/);
      assert.deepEqual(await server.exited(), { code: 0, signal: null });
      assert.deepEqual(receiver.watchdogs, []);
    });
  }

  it("hears of each reload, whether it works or not", async () => {
    const directory = ServerUnderTest.makeDirectory();
    writeFileSync(join(directory, "version"), "0");
    using receiver = await Receiver.start(join(directory, "notify"));
    const env = environmentOf(receiver);
    await using server = await startServer("versioned:app", { directory, env });
    await receiver.heard(/^READY=1$/m);
    for (const version of ["1", "broken", "2"]) {
      const from = receiver.notifications.length;
      writeFileSync(join(directory, "version"), version);
      const before = process.hrtime.bigint() / 1000n;
      server.signal("SIGHUP");
      const { state } = await receiver.heard(/^RELOADING=1$/m, from);
      const at = BigInt(/^MONOTONIC_USEC=(\d+)$/m.exec(state)?.[1] ?? "0");
      assert.ok(at >= before && at <= process.hrtime.bigint() / 1000n, state);
      await receiver.heard(/^READY=1$/m, from);
      if (version === "broken") await server.logged("reload failed");
      else assert.equal((await get(server.port, "/")).body.toString(), version);
    }
  });

  it("hears of a reload that is refused for its configuration", async () => {
    const directory = ServerUnderTest.makeDirectory();
    using receiver = await Receiver.start(join(directory, "notify"));
    const file = join(directory, "rickhouse.toml");
    writeFileSync(file, "workers = 1\n");
    const options = { directory, env: environmentOf(receiver), args: ["--config", file] };
    await using server = await startServer("plain:app", options);
    await receiver.heard(/^READY=1$/m);
    const from = receiver.notifications.length;
    writeFileSync(file, "workers = 0\n");
    server.signal("SIGHUP");
    await receiver.heard(/^RELOADING=1$/m, from);
    await receiver.heard(
      /^READY=1\nSTATUS=serving plain:app .*; a reload was refused: .*workers/,
      from,
    );
  });

  it("hears signs of life, and none of a front that stands still", async () => {
    const directory = ServerUnderTest.makeDirectory();
    using receiver = await Receiver.start(join(directory, "notify"));
    const env = environmentOf(receiver, { WATCHDOG_USEC: "400000" });
    await using server = await startServer("plain:app", { directory, env });
    await waitFor("three signs of life", () => receiver.watchdogs.length >= 3);
    server.signal("SIGSTOP");
    // What the zygote had been told before it stood still.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const count = receiver.watchdogs.length;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(receiver.watchdogs.length, count);
    server.signal("SIGCONT");
    await waitFor("another", () => receiver.watchdogs.length > count);
  });

  it("hears signs of life without a zygote too, while another one imports", async () => {
    const directory = ServerUnderTest.makeDirectory();
    using receiver = await Receiver.start(join(directory, "notify"));
    const env = environmentOf(receiver, { WATCHDOG_USEC: "400000" });
    writeFileSync(join(directory, "gate-import"), "");
    await using server = await startServer("slow_import:app", { directory, env });
    await waitFor("a sign of life", () => receiver.watchdogs.length >= 1);
    const [zygote = 0] = server.zygotes;
    await waitFor("the note of its import", () => recordOf(server).length === 1);
    rmSync(join(directory, "gate-import"));
    process.kill(zygote, "SIGKILL");
    await waitFor("the next import", () => recordOf(server).length === 2);
    const from = receiver.notifications.length;
    await waitFor("signs of life from others", () => {
      return receiver.notifications.slice(from).filter(({ pid }) => pid !== zygote).length >= 2;
    });
    assert.equal((await get(server.port, "/")).body.toString(), "imported");
    openGate(server, "import");
    await waitFor("the new zygote's", () => {
      const [successor] = server.zygotes;
      return receiver.watchdogs.some(({ pid }) => pid === successor);
    });
  });

  it("is not for the application", async () => {
    const directory = ServerUnderTest.makeDirectory();
    using receiver = await Receiver.start(join(directory, "notify"));
    const env = environmentOf(receiver, { WATCHDOG_USEC: "60000000", WATCHDOG_PID: "1" });
    await using server = await startServer("surroundings:app", { directory, env });
    const { environment } = JSON.parse((await get(server.port, "/")).body.toString());
    const names = Object.keys(environment).filter((name) => /NOTIFY|WATCHDOG/.test(name));
    assert.deepEqual(names, []);
  });

  it("that is not there is named once, and harms nobody", async () => {
    const directory = ServerUnderTest.makeDirectory();
    const env = { NOTIFY_SOCKET: join(directory, "nobody"), WATCHDOG_USEC: "100000" };
    await using server = await startServer("plain:app", { directory, env });
    await server.logged(/warning: the service manager cannot be told anything: .*No such file/);
    assert.equal((await get(server.port, "/")).status, 200);
    server.signal("SIGTERM");
    await server.exited();
    assert.equal(server.stderr.match(/cannot be told/g)?.length, 1);
  });
});

describe("the unit files", () => {
  it("say what the server counts on", () => {
    const unit = readFileSync(join(ROOT, "examples/systemd/rickhouse.service"), "utf8");
    for (const line of ["Type=notify", "NotifyAccess=all", "KillMode=mixed"]) {
      assert.ok(unit.split("\n").includes(line), line);
    }
  });

  it("put the admin socket where commands find it, and the server may make it", () => {
    const unit = readFileSync(join(ROOT, "examples/systemd/rickhouse.service"), "utf8");
    const [, directory = ""] = /^RuntimeDirectory=(.+)$/m.exec(unit) ?? [];
    const [, command = ""] = /^ExecStart=\S+\/bin\/rickhouse (.+)$/m.exec(unit) ?? [];
    const parsed = parseArguments(command.split(" "));
    assert.ok(parsed.kind === "command");
    assert.deepEqual(parsed.raw.get("admin"), [`unix:/run/${directory}/admin.sock`]);
  });
});
