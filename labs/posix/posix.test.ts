// The system calls: typed errors, signals, and a process with V8 in it that is forked a thousand times.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { libc } from "./libc.ts";
import { getpid, getppid, sleep, wait } from "./processes.ts";
import {
  close,
  endWriting,
  MSG_DONTWAIT,
  pipe,
  poll,
  POLLIN,
  read,
  send,
  socketPair,
  write,
  writeAll,
} from "./sockets.ts";
import { onSignal, runSignalHandlers } from "./signals.ts";
import { isSystemError, SystemError } from "./system-error.ts";

describe("fork", () => {
  it("makes 1,000 children without a hang or a crash", () => {
    assert.equal(forkMany(1000, 0), "1000 of 1000 children ended well\n");
  });

  it("makes children that can make 10 MB of garbage", () => {
    assert.equal(forkMany(50, 10), "50 of 50 children ended well\n");
  });

  it("is refused without --single-threaded", () => {
    const { status, stderr } = runForkMany([], 1, 0);
    assert.equal(status, 1);
    assert.match(stderr, /ForkRefused: fork needs node --single-threaded: run the lab by bin\/lab/);
  });
});

describe("a system call that fails", () => {
  it("throws its name, errno and code", () => {
    assert.throws(
      () => close(9999),
      (error) => {
        assert.ok(error instanceof SystemError && isSystemError(error, "EBADF"));
        assert.deepEqual([error.call, error.errno, error.code], ["close", 9, "EBADF"]);
        assert.equal(error.message, "close: [errno 9, EBADF] Bad file descriptor");
        return !isSystemError(error, "EINTR");
      },
    );
    assert.throws(wait, (error) => isSystemError(error, "ECHILD"));
  });
});

describe("sockets", () => {
  it("carry what is written, and their end", () => {
    const [one, other] = socketPair();
    writeAll(one, "hello");
    assert.equal(read(other, 100).toString(), "hello");
    assert.deepEqual(poll([one, other], POLLIN, 0), []);
    endWriting(one);
    assert.deepEqual(poll([one, other], POLLIN, 0), [other]);
    assert.equal(read(other, 100).length, 0);
    assert.equal(write(other, "back"), 4);
    assert.equal(read(one, 2).toString(), "ba");
    assert.equal(read(one, 100).toString(), "ck");
    close(one);
    assert.throws(
      () => write(other, "nobody reads"),
      (error) => isSystemError(error, "EPIPE"),
    );
    close(other);
  });

  it("fail with EAGAIN where they would sleep", () => {
    const [one, other] = socketPair();
    assert.throws(
      () => {
        for (;;) send(one, Buffer.alloc(65_536), MSG_DONTWAIT);
      },
      (error) => isSystemError(error, "EAGAIN"),
    );
    close(one);
    close(other);
  });

  it("of a pipe end when the writing end is closed", () => {
    const [reading, writing] = pipe();
    writeAll(writing, "x");
    close(writing);
    assert.equal(read(reading, 10).toString(), "x");
    assert.equal(read(reading, 10).length, 0);
    close(reading);
  });
});

describe("onSignal", () => {
  it("runs the handler after the call, once for many signals", () => {
    let runs = 0;
    onSignal("SIGUSR2", () => {
      runs++;
    });
    process.kill(process.pid, "SIGUSR2");
    process.kill(process.pid, "SIGUSR2");
    assert.equal(runs, 0);
    runSignalHandlers();
    assert.equal(runs, 1);
    runSignalHandlers();
    assert.equal(runs, 1);
  });

  it("wakes a call that sleeps, which fails with EINTR", () => {
    let runs = 0;
    onSignal("SIGUSR2", () => {
      runs++;
    });
    const [reading, writing] = pipe();
    // More than one signal: the first may come before the call. The last command ends the test if the kernel restarts the call.
    const command = `for i in 1 2 3 4 5 6 7 8; do sleep 0.2; kill -USR2 ${process.pid}; done; echo restarted`;
    const shell = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", writing, "ignore"] });
    assert.throws(
      () => read(reading, 100),
      (error) => isSystemError(error, "EINTR"),
    );
    shell.kill("SIGKILL");
    assert.ok(runs >= 1);
    close(reading);
    close(writing);
  });
});

describe("a signal that the main thread holds back", () => {
  it("waits for it, though other threads would take it", () => {
    let runs = 0;
    onSignal("SIGUSR2", () => {
      runs++;
    });
    const held = Buffer.alloc(128);
    const before = Buffer.alloc(128);
    held.writeUInt32LE(1 << (constants.signals.SIGUSR2 - 1));
    libc.sigprocmask(0, held, before);
    try {
      for (let i = 0; i < 20; i++) {
        process.kill(process.pid, "SIGUSR2");
        sleep(0.01); // another thread has had the time to take it
        assert.equal(runs, 0);
        runSignalHandlers();
        assert.equal(runs, 0, "counted by another thread, it would wake nobody");
      }
    } finally {
      libc.sigprocmask(2, before, null);
    }
    runSignalHandlers();
    assert.equal(runs, 1);
  });
});

describe("processes", () => {
  it("know who they are and how to sleep", () => {
    assert.deepEqual([getpid(), getppid()], [process.pid, process.ppid]);
    const startMs = performance.now();
    sleep(0.05);
    assert.ok(performance.now() - startMs >= 49);
  });
});

function forkMany(count: number, megabytes: number): string {
  const { stdout, stderr, signal } = runForkMany(["--single-threaded"], count, megabytes);
  assert.equal(stderr, "");
  assert.equal(signal, null, "hangs");
  return stdout;
}

function runForkMany(flags: readonly string[], ...numbers: readonly number[]) {
  const file = join(import.meta.dirname, "fork-many.ts");
  const args = [...flags, "--disable-warning=ExperimentalWarning", file, ...numbers.map(String)];
  return spawnSync(process.execPath, args, {
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}
