import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { StartupError } from "../../config/startup-error.ts";
import { bindServer } from "./bind-server.ts";

const NOBODY = 65_534;

const directory = mkdtempSync(join(tmpdir(), "rickhouse-bind-"));
after(() => {
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true });
});

/** As a killed server leaves it. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.first`);
  await once(server, "listening");
  renameSync(`${path}.first`, path);
  server.close();
  await once(server, "close");
  chmodSync(path, 0o666);
}

async function bind(path: string): Promise<void> {
  const options = { backlog: 1, socketMode: 0o600, reusePort: false, ipv6Only: false };
  const server = await bindServer({ ...options, address: { kind: "unix", path } });
  server.close();
}

describe("a Unix socket that a killed server left behind", () => {
  it("is replaced", async () => {
    const path = join(directory, "replaced");
    await leaveSocket(path);
    await bind(path);
  });

  it("is told of in one line where it may not be removed", async () => {
    const path = join(directory, "kept");
    await leaveSocket(path);
    chmodSync(directory, 0o555);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(NOBODY); // Root may do everything.
    try {
      await assert.rejects(bind(path), (error) => {
        assert.ok(error instanceof StartupError, String(error));
        assert.match(error.message, /kept: no permission to make a socket in .*bind-\w+; /);
        return true;
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});
