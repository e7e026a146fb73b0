import { describe, it } from "node:test";
import { reloadUnderLoad } from "../support/reload-run.ts";

describe("100 reloads in a row with 32 keep-alive clients", () => {
  it("fail no request, and leave descriptors, memory and processes as they were", async () => {
    await reloadUnderLoad(100);
  });
});
