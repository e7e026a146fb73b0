import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LoadRequest } from "./control-messages.ts";
import { Zygote } from "./zygote.ts";

const LOAD: LoadRequest = {
  type: "load",
  protocol: 2,
  version: "",
  directory: "/",
  module: "none",
  callable: null,
  pythonPath: [],
  preload: "auto",
  threads: 1,
  channelPath: "/none",
  outputPath: null,
  privateDirectory: "/none",
  maxWorkers: 1,
  softFileLimit: null,
  gracefulTimeoutMs: 0,
  multiprocess: false,
  watch: false,
  debug: false,
};

/** How a zygote with this interpreter is reported to have ended. */
function endOf(python: string): Promise<string> {
  return new Promise((resolve) => {
    const zygote = new Zygote({ python, env: [] });
    zygote.load(LOAD, { onReport: () => {}, onGone: resolve });
    // Neither may throw, whatever became of the process.
    zygote.send({ type: "stop" });
  });
}

describe("a zygote that cannot be started", () => {
  it("has ended, when there is no such program", async () => {
    assert.match(await endOf("/nowhere/python"), /ENOENT/);
  });

  it("has ended, when spawn() itself throws, as it does without memory or descriptors", async () => {
    assert.match(await endOf("a\0b"), /null bytes/);
  });

  it("has ended, when the program is not ours", async () => {
    assert.equal(await endOf("/bin/true"), "exit status 0");
  });
});
