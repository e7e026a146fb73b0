import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { availableCores } from "../../src/config/cores.ts";
import { childrenOf, isAlive, stateOf } from "../support/processes.ts";
import { noted, openGate } from "../support/record.ts";
import { begin, get } from "../support/requests.ts";
import { startServer, waitFor, type ServerUnderTest } from "../support/server.ts";

/** A pid namespace of its own, whose process 1 is the launcher, as in a container. */
const namespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const startedBy = ["unshare", ...namespace];
const isPermitted = spawnSync("unshare", [...namespace, "true"]).status === 0;
const skip = isPermitted ? false : "no pid namespace may be made here";

/** As the host numbers them. */
function firstOf(server: ServerUnderTest): number {
  return childrenOf(server.pid)[0] ?? 0;
}

function frontOf(server: ServerUnderTest): number {
  return childrenOf(firstOf(server))[0] ?? 0;
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

const isZombie = (pid: number): boolean => stateOf(pid) === "Z";

describe("as process 1 of a container", { skip }, () => {
  it("finishes what runs at SIGTERM, and ends with 0", async () => {
    await using server = await startServer("gated:app", { args: ["--workers", "2"], startedBy });
    using running = begin(server.port, "POST", "/held");
    await noted(server, /^POST held in/);
    const tree = descendantsOf(server.pid);
    process.kill(firstOf(server), "SIGTERM");
    await server.logged("SIGTERM: finishing 1 connection");
    openGate(server, "held");
    assert.equal((await running.response()).status, 200);
    running.end();
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
    await waitFor("the end of all", () => !tree.some(isAlive));
  });

  it("passes signals on, again and again", async () => {
    await using server = await startServer("plain:app", { args: ["--workers", "1"], startedBy });
    for (let generation = 2; generation <= 4; generation++) {
      process.kill(firstOf(server), "SIGHUP");
      await server.logged(`generation ${generation} serves`);
    }
    process.kill(firstOf(server), "SIGUSR2");
    await server.logged(/stacks of worker \d+/);
    process.kill(firstOf(server), "SIGTERM");
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  it("leaves no zombie: of the application's orphans, of workers, of a lost zygote", async () => {
    const args = ["--workers", "2"];
    await using server = await startServer("orphaning:app", { args, startedBy });
    for (let turn = 0; turn < 3; turn++) assert.equal((await get(server.port, "/")).status, 200);
    const before = descendantsOf(server.pid);
    const [zygote = 0] = childrenOf(frontOf(server));
    process.kill(zygote, "SIGKILL");
    await server.logged("generation 2 serves");
    openGate(server, "end");
    // Of what was there, the launcher and the front stay.
    const stay = [firstOf(server), frontOf(server)];
    await waitFor("the end of all others", () => {
      return before.filter((pid) => stateOf(pid) !== "").join() === stay.join();
    });
    await waitFor("no zombie", () => !descendantsOf(server.pid).some(isZombie));
    assert.equal((await get(server.port, "/")).status, 200);
    process.kill(firstOf(server), "SIGTERM");
    assert.deepEqual(await server.exited(), { code: 0, signal: null });
  });

  it("ends with the status of the server", async () => {
    const words = ["bin/rickhouse", "--bind", "127.0.0.1:0", "test/apps/no_such:app"];
    const { status } = spawnSync("unshare", [...namespace, ...words], { stdio: "ignore" });
    assert.equal(status, 3);
  });
});

const GROUP = `/sys/fs/cgroup/memory/rickhouse-container-${process.pid}`;

/** A control group of 512 MiB with one below it that has no limit (version 1); undefined where this process may make none. */
function makeGroups(): string | undefined {
  const inner = `${GROUP}/inner`;
  try {
    mkdirSync(inner, { recursive: true });
    writeFileSync(`${GROUP}/memory.limit_in_bytes`, String(512 * 2 ** 20));
    return inner;
  } catch {
    return undefined;
  }
}

describe("in a control group with little memory", () => {
  const group = makeGroups();
  after(() => {
    if (group === undefined) return;
    rmdirSync(group);
    rmdirSync(GROUP);
  });

  it(
    "there are no more workers by default than have room, and smaller buffers",
    { skip: group === undefined && "no control group can be made here" },
    () => {
      const enter = `echo $$ > ${group}/cgroup.procs; exec bin/rickhouse config`;
      const { stdout } = spawnSync("sh", ["-c", enter], { encoding: "utf8" });
      const most = /^workers = (?:"\d+:)?(\d+)/m.exec(stdout)?.[1];
      assert.equal(Number(most), Math.min(6, defaultWorkersOfCores()), stdout);
      assert.match(stdout, /^buffer-memory = "128MiB"/m);
    },
  );
});

function defaultWorkersOfCores(): number {
  const cores = availableCores();
  return Math.max(cores, Math.min(8 * cores, 32));
}
