import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs, {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LineStream, openAppending } from "./line-stream.ts";

function withPipe(body: (reader: number, writer: number) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "rickhouse-lines-"));
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return Promise.resolve(body(reader, writer)).finally(() => {
    closeSync(reader);
    closeSync(writer);
    rmSync(directory, { recursive: true });
  });
}

describe("a pipe that is named by a path", () => {
  it("does not wait for its reader, nor for one to come", () => {
    const directory = mkdtempSync(join(tmpdir(), "rickhouse-lines-"));
    const path = join(directory, "pipe");
    execFileSync("mkfifo", [path]);
    assert.throws(() => openAppending(path), { code: "ENXIO" });
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openAppending(path);
    assert.throws(
      () => {
        for (;;) fs.writeSync(writer, Buffer.alloc(1 << 16));
      },
      { code: "EAGAIN" },
    );
    closeSync(reader);
    closeSync(writer);
    rmSync(directory, { recursive: true });
  });
});

function readAll(reader: number): string {
  const chunk = Buffer.alloc(1 << 20);
  let text = "";
  for (;;) {
    try {
      const count = readSync(reader, chunk);
      if (count === 0) return text;
      text += chunk.toString("latin1", 0, count);
    } catch {
      return text; // EAGAIN: empty.
    }
  }
}

/** What it gives for standard output, as a program tells on standard error. */
function descriptorFor(stdout: "pipe" | "ignore"): number {
  const url = new URL("line-stream.ts", import.meta.url).href;
  const program = `import { withoutBlocking } from "${url}"; process.stderr.write(String(withoutBlocking(1)));`;
  const args = ["--input-type=module", "-e", program];
  const { stderr } = spawnSync(process.execPath, args, {
    stdio: ["ignore", stdout, "pipe"],
    encoding: "utf8",
  });
  return Number(stderr);
}

describe("LineStream", () => {
  it("writes at once", () =>
    withPipe((reader, writer) => {
      new LineStream(writer).write("one\n");
      assert.equal(readAll(reader), "one\n");
    }));

  it("keeps what a full pipe does not take, drops beyond its bound, and says how much", () =>
    withPipe(async (reader, writer) => {
      const stream = new LineStream(writer);
      const line = `${"x".repeat(999)}\n`;
      for (let i = 0; i < 3000; i++) stream.write(line);
      let text = "";
      const isComplete = (): boolean => text.endsWith(" lines were dropped\n");
      for (let i = 0; i < 200 && !isComplete(); i++) {
        text += readAll(reader);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const [, dropped = "0"] = /rickhouse: (\d+) lines were dropped\n$/.exec(text) ?? [];
      const kept = text.split(line).length - 1;
      assert.equal(kept + Number(dropped), 3000);
      assert.ok(Number(dropped) > 0);
    }));
});

describe("LineStream to a file", () => {
  it("begins anew behind half a line that a full disk has left", (test) => {
    const directory = mkdtempSync(join(tmpdir(), "rickhouse-lines-"));
    const path = join(directory, "log");
    const descriptor = openSync(path, "w");
    // The disk takes 3 bytes more, and then nothing.
    const { writeSync } = fs;
    const room = [3, 0];
    test.mock.method(fs, "writeSync", (fd: number, bytes: Buffer) => {
      const left = room.shift();
      if (left === 0) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      return writeSync(fd, bytes, 0, left ?? bytes.length);
    });
    syncBuiltinESMExports();
    try {
      const stream = new LineStream(descriptor);
      for (const line of ["first\n", "second\n", "third\n"]) stream.write(line);
      assert.equal(readFileSync(path, "utf8"), "fir\nsecond\nthird\n");
    } finally {
      test.mock.restoreAll();
      syncBuiltinESMExports();
      closeSync(descriptor);
      rmSync(directory, { recursive: true });
    }
  });
});

describe("withoutBlocking", () => {
  it("leaves what is no pipe as it is", () => {
    assert.equal(descriptorFor("ignore"), 1);
  });
});

describe("LineStream to a socket", () => {
  it("waits for no reader, and says how many lines it dropped before it ends", async () => {
    const url = new URL("line-stream.ts", import.meta.url).href;
    const program = `
      import { LineStream } from "${url}";
      const stream = new LineStream(1);
      for (let i = 0; i < 3000; i++) stream.write("x".repeat(999) + "\\n");
      process.stderr.write("free");
      process.stdin.on("data", async () => { await stream.close(); process.exit(); });
    `;
    // Node's pipes between processes are sockets.
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    await once(child.stderr, "data");
    child.stdin.write("end");
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    await once(child, "close");
    const [, dropped = "0"] = /rickhouse: (\d+) lines were dropped\n$/.exec(text) ?? [];
    const kept = text.split("x".repeat(999)).length - 1;
    assert.equal(kept + Number(dropped), 3000);
    assert.ok(Number(dropped) > 0);
  });

  it("gives up at the end when nobody takes anything", async () => {
    const url = new URL("line-stream.ts", import.meta.url).href;
    const program = `
      import { LineStream } from "${url}";
      const stream = new LineStream(1);
      for (let i = 0; i < 1000; i++) stream.write("x".repeat(999) + "\\n");
      await stream.close();
      process.exit(7);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit: unknown[] = await once(child, "exit");
    assert.deepEqual(exit, [7, null]);
    child.stdout.resume();
  });
});
