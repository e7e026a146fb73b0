import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EMPTY_LEDGER, fateOf, isSkipped, withdraw } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";

/** The worker stores that it began this request. */
function begin(ledger: Ledger, number: number): Ledger {
  return { ...ledger, started: number };
}

describe("withdraw", () => {
  it("takes back all that had not begun", () => {
    const { ledger, above } = withdraw(begin(EMPTY_LEDGER, 3), 8);
    assert.equal(above, 3);
    assert.deepEqual(ledger, { started: 3, withdrawnTo: 8, exempt: 3 });
  });

  it("of a worker that is still skipping leaves what was exempt, and reports only what is new", () => {
    const first = withdraw(begin(EMPTY_LEDGER, 3), 8).ledger;
    const { ledger, above } = withdraw(begin(first, 5), 12);
    assert.equal(above, 8);
    assert.deepEqual(ledger, { started: 5, withdrawnTo: 12, exempt: 3 });
  });

  it("of a worker that went on past the last withdrawal exempts what it runs now", () => {
    const first = withdraw(begin(EMPTY_LEDGER, 3), 8).ledger;
    const { ledger, above } = withdraw(begin(first, 10), 12);
    assert.equal(above, 10);
    assert.deepEqual(ledger, { started: 10, withdrawnTo: 12, exempt: 10 });
  });

  it("never takes back what it has given out before", () => {
    const first = withdraw(EMPTY_LEDGER, 8).ledger;
    assert.deepEqual(withdraw(first, 5), { ledger: first, above: 8 });
  });
});

describe("isSkipped", () => {
  it("skips what is withdrawn, and runs what had begun and what came later", () => {
    const { ledger } = withdraw(begin(EMPTY_LEDGER, 3), 8);
    const skipped = [3, 4, 8, 9].map((number) => isSkipped(number, ledger));
    assert.deepEqual(skipped, [false, true, true, false]);
  });

  it("skips nothing before the first withdrawal", () => {
    assert.equal(isSkipped(1, EMPTY_LEDGER), false);
  });
});

describe("fateOf", () => {
  it("tells by the number that began last, if nothing was withdrawn", () => {
    const ledger = begin(EMPTY_LEDGER, 3);
    const fates = [2, 3, 4].map((number) => fateOf(number, ledger));
    assert.deepEqual(fates, ["started", "started", "not-started"]);
  });

  it("knows what a withdrawal took back, also after the worker skipped it", () => {
    const { ledger } = withdraw(begin(EMPTY_LEDGER, 3), 8);
    const fates = [3, 4, 8, 9].map((number) => fateOf(number, begin(ledger, 7)));
    assert.deepEqual(fates, ["started", "withdrawn", "withdrawn", "not-started"]);
  });

  it("does not take for withdrawn what ran before the request that was exempt", () => {
    const { ledger } = withdraw(begin(EMPTY_LEDGER, 3), 8);
    assert.equal(fateOf(2, ledger), "started");
  });

  it("agrees with the worker on every way that two withdrawals can fall into a run of ten requests", () => {
    let cases = 0;
    for (let firstAt = 0; firstAt <= 20; firstAt++) {
      for (let secondAt = firstAt; secondAt <= 20; secondAt++) {
        assertAgreement(firstAt, secondAt);
        cases++;
      }
    }
    assert.equal(cases, 231);
  });
});

/**
 * A worker takes ten requests in two steps each (store, then test and run); before step `firstAt` and `secondAt` it is
 * stopped and all are withdrawn, then eight are sent again under new numbers 11 to 18 (after the first time).
 */
function assertAgreement(firstAt: number, secondAt: number): void {
  let ledger = EMPTY_LEDGER;
  const ran = new Set<number>();
  const takenBack = new Set<number>();
  const stop = (upTo: number): void => {
    const done = withdraw(ledger, upTo);
    for (let number = done.above + 1; number <= upTo; number++) takenBack.add(number);
    ledger = done.ledger;
  };
  for (let step = 0; step < 36; step++) {
    if (step === firstAt) stop(10);
    if (step === secondAt && secondAt > firstAt) stop(18);
    const number = Math.floor(step / 2) + 1;
    if (step % 2 === 0) ledger = begin(ledger, number);
    else if (!isSkipped(number, ledger)) ran.add(number);
  }
  for (let number = 1; number <= 18; number++) {
    const facts = `${number} of ${firstAt}, ${secondAt}`;
    assert.notEqual(ran.has(number), takenBack.has(number), facts);
  }
}
