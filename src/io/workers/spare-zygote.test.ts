import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { SpareZygote } from "./spare-zygote.ts";

function configOf(reload: boolean) {
  return { reload, python: "python3", env: [] as { name: string; value: string }[] };
}

/** One for which time has passed since an import ended. */
function rested({ mock }: TestContext, config: ReturnType<typeof configOf>): SpareZygote {
  mock.timers.enable({ apis: ["setTimeout"] });
  const spare = new SpareZygote(config);
  spare.makeSoon();
  mock.timers.tick(60_000);
  return spare;
}

describe("SpareZygote", () => {
  it("is there once, some time after an import", (context) => {
    const spare = rested(context, configOf(true));
    const zygote = spare.take();
    assert.equal(zygote?.isWaiting, true);
    zygote.kill();
    assert.equal(spare.take(), undefined);
  });

  it("is not made without --reload", (context) => {
    assert.equal(rested(context, configOf(false)).take(), undefined);
  });

  it("is not used where another interpreter or environment is wanted by now", (context) => {
    const config = configOf(true);
    const spare = rested(context, config);
    config.env.push({ name: "A", value: "1" });
    assert.equal(spare.take(), undefined);
  });

  it("is not made any more once the server is about to end", (context) => {
    const spare = rested(context, configOf(true));
    spare.drop();
    spare.makeSoon();
    context.mock.timers.tick(60_000);
    assert.equal(spare.take(), undefined);
  });
});
