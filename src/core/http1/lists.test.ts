import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { CONNECTION, EXPECTATION, endOfElement, readConnection, readExpect } from "./lists.ts";

function connection(text: string): number {
  return readConnection(Buffer.from(`x${text}, close`), 1, 1 + text.length);
}

function expectation(text: string): number {
  return readExpect(Buffer.from(`x${text}, foo`), 1, 1 + text.length);
}

describe("readConnection", () => {
  it("finds the known options in any case and any place", () => {
    assert.equal(connection("keep-alive"), CONNECTION.keepAlive);
    assert.equal(connection("CLOSE"), CONNECTION.close);
    assert.equal(connection("x ,\tKeep-Alive ,, close"), CONNECTION.keepAlive | CONNECTION.close);
    assert.equal(connection(", keep-alive,"), CONNECTION.keepAlive);
  });

  it("passes over all others", () => {
    assert.equal(connection(""), 0);
    assert.equal(connection('Upgrade, closed, clos, close;x, "close", a close, @'), 0);
  });
});

describe("readExpect", () => {
  it("knows 100-continue", () => {
    assert.equal(expectation("100-Continue"), EXPECTATION.continue);
    assert.equal(expectation(", 100-continue ,\t"), EXPECTATION.continue);
  });

  it("knows nothing else", () => {
    assert.equal(expectation("100-continue, x"), EXPECTATION.unknown);
    assert.equal(expectation("x, 100-continue"), EXPECTATION.unknown);
    assert.equal(expectation("100-continue=1"), EXPECTATION.unknown);
  });

  it("takes an empty list for no expectation", () => {
    assert.equal(expectation(""), EXPECTATION.none);
    assert.equal(expectation(" , ,"), EXPECTATION.none);
  });
});

describe("endOfElement", () => {
  it("is the next comma or the end of the range", () => {
    const bytes = Buffer.from("ab,c,d");
    assert.equal(endOfElement(bytes, 0, 4), 2);
    assert.equal(endOfElement(bytes, 3, 4), 4);
    assert.equal(endOfElement(bytes, 2, 4), 2);
  });
});
