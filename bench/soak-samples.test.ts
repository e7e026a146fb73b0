import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { grown, type Sample, thirdsOf } from "../test/support/soak-samples.ts";

/** `change`: what is different in the sample of this index. */
function samples(change: (index: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 30 }, (_, index) => ({
    seconds: index,
    frontMib: 100,
    zygoteMib: 16,
    workerMib: 20,
    descriptors: 40,
    processes: 6,
    files: 0,
    ...change(index),
  }));
}

describe("samples of a soak", () => {
  it("are flat when nothing changes, or only now and then", () => {
    assert.deepEqual(grown(samples(() => ({}))), []);
    assert.deepEqual(grown(samples((index) => (index % 4 === 0 ? { descriptors: 90 } : {}))), []);
  });

  it("are not when something grows slowly", () => {
    assert.deepEqual(grown(samples((index) => ({ frontMib: 100 + 2 * index }))), [
      "frontMib grew from 110 to 150",
    ]);
    assert.deepEqual(grown(samples((index) => ({ files: index, processes: 6 + index }))), [
      "processes grew from 11 to 31",
      "files grew from 5 to 25",
    ]);
  });

  it("have a median for each third", () => {
    assert.deepEqual(
      thirdsOf(
        samples((index) => ({ workerMib: index })),
        "workerMib",
      ),
      { first: 5, last: 25 },
    );
  });
});
