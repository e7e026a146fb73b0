import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, it } from "node:test";
import { availableCores, cgroupCores } from "./cores.ts";

function coresIn(files: Readonly<Record<string, string>>): number {
  return cgroupCores((path) => files[path]);
}

describe("cgroupCores", () => {
  it("is unbounded without a control group", () => {
    assert.equal(coresIn({}), Infinity);
    assert.equal(coresIn({ "/proc/self/cgroup": "0::/\n" }), Infinity);
  });

  it("reads the quota of version 2, its own or one above it", () => {
    const own = { "/proc/self/cgroup": "0::/kube/pod:7\n" };
    const group = "/sys/fs/cgroup/kube";
    assert.equal(coresIn({ ...own, [`${group}/pod:7/cpu.max`]: "150000 100000\n" }), 1.5);
    assert.equal(coresIn({ ...own, [`${group}/cpu.max`]: "50000 100000\n" }), 0.5);
    const both = {
      [`${group}/pod:7/cpu.max`]: "max 100000\n",
      [`${group}/cpu.max`]: "30000 10000",
    };
    assert.equal(coresIn({ ...own, ...both }), 3);
  });

  it("reads it at the root, where a container sees no more", () => {
    const files = { "/proc/self/cgroup": "0::/docker/abc\n" };
    assert.equal(coresIn({ ...files, "/sys/fs/cgroup/cpu.max": "200000 100000\n" }), 2);
  });

  it("reads the quota of version 1, also where several controllers are mounted together", () => {
    for (const controllers of ["cpu", "cpu,cpuacct"]) {
      const directory = `/sys/fs/cgroup/${controllers}/job`;
      const files = {
        "/proc/self/cgroup": `4:memory:/x\n3:${controllers}:/job\n2:cpuset:/\n0::/\n`,
        [`${directory}/cpu.cfs_quota_us`]: "250000\n",
        [`${directory}/cpu.cfs_period_us`]: "100000\n",
      };
      assert.equal(coresIn(files), 2.5);
      assert.equal(coresIn({ ...files, [`${directory}/cpu.cfs_quota_us`]: "-1\n" }), Infinity);
    }
  });
});

describe("availableCores", () => {
  it("is at least one, and never more than the affinity allows", () => {
    const cores = availableCores();
    assert.ok(cores >= 1 && cores <= availableParallelism() && Number.isInteger(cores));
  });
});
