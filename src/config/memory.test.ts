import assert from "node:assert/strict";
import { totalmem } from "node:os";
import { describe, it } from "node:test";
import { availableMemory, cgroupMemory } from "./memory.ts";

const MIB = 2 ** 20;

function memoryIn(files: Readonly<Record<string, string>>): number {
  return cgroupMemory((path) => files[path]);
}

describe("cgroupMemory", () => {
  it("is unbounded without a control group, or without a limit in it", () => {
    assert.equal(memoryIn({}), Infinity);
    assert.equal(memoryIn({ "/proc/self/cgroup": "0::/\n" }), Infinity);
    const own = { "/proc/self/cgroup": "0::/app\n" };
    assert.equal(memoryIn({ ...own, "/sys/fs/cgroup/app/memory.max": "max\n" }), Infinity);
  });

  it("is the smallest limit of version 2 on the way to the root", () => {
    const own = { "/proc/self/cgroup": "0::/kube/pod:7/app\n" };
    const group = "/sys/fs/cgroup/kube";
    const pod = { [`${group}/pod:7/memory.max`]: `${512 * MIB}\n` };
    assert.equal(memoryIn({ ...own, ...pod }), 512 * MIB);
    const larger = { [`${group}/pod:7/app/memory.max`]: `${1024 * MIB}\n` };
    assert.equal(memoryIn({ ...own, ...pod, ...larger }), 512 * MIB);
    const none = { [`${group}/pod:7/app/memory.max`]: "max\n" };
    assert.equal(memoryIn({ ...own, ...pod, ...none }), 512 * MIB);
    const smaller = { [`${group}/memory.max`]: `${256 * MIB}\n` };
    assert.equal(memoryIn({ ...own, ...pod, ...smaller }), 256 * MIB);
  });

  it("counts the limit from which on processes are slowed down", () => {
    const files = {
      "/proc/self/cgroup": "0::/app\n",
      "/sys/fs/cgroup/app/memory.max": `${512 * MIB}\n`,
      "/sys/fs/cgroup/app/memory.high": `${400 * MIB}\n`,
    };
    assert.equal(memoryIn(files), 400 * MIB);
  });

  it("is read at the root, where a container sees no more", () => {
    const files = { "/proc/self/cgroup": "0::/docker/abc\n" };
    assert.equal(memoryIn({ ...files, "/sys/fs/cgroup/memory.max": `${300 * MIB}\n` }), 300 * MIB);
  });

  it("is the smallest limit of version 1, not that of another controller", () => {
    const own = { "/proc/self/cgroup": "4:memory:/job/part\n3:cpu,cpuacct:/other\n0::/\n" };
    const group = "/sys/fs/cgroup/memory/job";
    const unlimited = { [`${group}/part/memory.limit_in_bytes`]: "9223372036854771712\n" };
    assert.ok(memoryIn({ ...own, ...unlimited }) > 2 ** 60);
    const above = { [`${group}/memory.limit_in_bytes`]: `${128 * MIB}\n` };
    assert.equal(memoryIn({ ...own, ...unlimited, ...above }), 128 * MIB);
    const foreign = { "/sys/fs/cgroup/memory/other/memory.limit_in_bytes": `${MIB}\n` };
    assert.equal(memoryIn({ ...own, ...above, ...foreign }), 128 * MIB);
  });
});

describe("availableMemory", () => {
  it("is never more than the machine has", () => {
    const bytes = availableMemory();
    assert.ok(bytes > 0 && bytes <= totalmem());
  });
});
