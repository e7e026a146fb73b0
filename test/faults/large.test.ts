import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { largeDownload, largeUpload } from "../support/large-run.ts";

// 1 GiB: test/soak/large.test.ts.
const BYTES = 200 * 2 ** 20;
/** A few MiB are usual: buffers are used again. Of those that are not, V8 lets about 32 MiB pile up before it collects them. */
const MOST_KIB = 40 * 1024;

describe("200 MiB in one body", () => {
  it("cost no process more than 40 MiB, uploaded", async () => {
    const { grownKiB } = await largeUpload(BYTES);
    assert.ok(grownKiB < MOST_KIB, `${grownKiB} KiB`);
  });

  it("cost no process more than 40 MiB, uploaded in chunks", async () => {
    const { grownKiB } = await largeUpload(BYTES, { isChunked: true });
    assert.ok(grownKiB < MOST_KIB, `${grownKiB} KiB`);
  });

  it("cost no process more than 40 MiB, downloaded by a client that pauses", async () => {
    const { grownKiB } = await largeDownload(BYTES);
    assert.ok(grownKiB < MOST_KIB, `${grownKiB} KiB`);
  });

  it("cost no process more than 40 MiB, downloaded with a Content-Length by a client that is fast", async () => {
    const { grownKiB } = await largeDownload(BYTES, { isChunked: false, isFast: true });
    assert.ok(grownKiB < MOST_KIB, `${grownKiB} KiB`);
  });
});
