import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { get, post } from "../support/requests.ts";
import { ServerUnderTest, startServer, waitFor } from "../support/server.ts";

const TMPFS = 0x01021994;
const hasSharedMemory = existsSync("/dev/shm") && statfsSync("/dev/shm").type === TMPFS;

/** A file system of 1 MiB at a directory of its own; undefined where nothing may be mounted. */
function mountSmall(): { directory: string; unmount(): void } | undefined {
  const directory = ServerUnderTest.makeDirectory();
  const words = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory];
  if (spawnSync("mount", words, { stdio: "ignore" }).status !== 0) return undefined;
  const unmount = (): void => {
    spawnSync("umount", [directory], { stdio: "ignore" });
    rmSync(directory, { recursive: true, force: true });
  };
  return { directory, unmount };
}

const probe = mountSmall();
probe?.unmount();

describe(
  "a temporary directory that is full",
  {
    skip: probe === undefined ? "nothing may be mounted here" : false,
  },
  () => {
    it("costs the bodies that do not fit: 507 and a line in the log, and harms nobody else", async () => {
      const small = mountSmall();
      assert.ok(small !== undefined);
      try {
        const args = ["--workers", "1", "--body-memory", "64KiB"];
        await using server = await startServer("echo:app", {
          args,
          env: { TMPDIR: small.directory },
        });
        const tooLarge = "x".repeat(3 * 2 ** 20);
        const answers = await Promise.all([
          post(server.port, "/", tooLarge),
          post(server.port, "/", "small"),
          get(server.port, "/"),
        ]);
        assert.deepEqual(
          answers.map(({ status }) => status),
          [507, 200, 200],
        );
        await server.logged(/error: cannot keep a request body in a file: ENOSPC/);
        // The room is free again: the next one that fits is taken.
        const [name = ""] = readdirSync(small.directory);
        const files = (): string[] => readdirSync(join(small.directory, name));
        await waitFor("no file left", () => !files().some((file) => file.startsWith("spool-")));
        assert.equal((await post(server.port, "/", "x".repeat(500_000))).status, 200);
      } finally {
        small.unmount();
      }
    });
  },
);

describe(
  "a temporary directory in memory",
  {
    skip: hasSharedMemory ? false : "/dev/shm is no tmpfs",
  },
  () => {
    it("is warned of", async () => {
      const directory = mkdtempSync("/dev/shm/rickhouse-test-");
      await using server = await startServer("plain:app", { directory });
      await server.logged(
        `warning: bodies and answers beyond memory go to files in ${directory}, which is in memory itself: set TMPDIR`,
      );
    });
  },
);
