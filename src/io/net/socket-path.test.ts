import assert from "node:assert/strict";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { SocketPath } from "./socket-path.ts";

const directory = mkdtempSync(join(tmpdir(), "socket-path-"));
after(() => {
  rmSync(directory, { recursive: true });
});

/** What is bound there does not matter to it. */
function bound(name: string): { path: string; own: SocketPath } {
  const path = join(directory, name);
  writeFileSync(path, "");
  return { path, own: new SocketPath(path) };
}

describe("the path of a Unix socket", () => {
  it("is removed at the end", () => {
    const { path, own } = bound("a");
    own.remove();
    assert.equal(existsSync(path), false);
    own.remove();
  });

  it("is left to whoever has it by then", () => {
    const { path, own } = bound("b");
    renameSync(bound("c").path, path);
    own.remove();
    assert.equal(existsSync(path), true);
  });

  it("may be gone, or its directory", () => {
    const own = new SocketPath(join(directory, "no-such", "d"));
    own.remove();
  });
});
