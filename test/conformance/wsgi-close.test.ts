// close() of the iterable (PEP 3333): called once in every ending of a request, and never in the client's way.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noted, openGate, recordOf } from "../support/record.ts";
import { Cases } from "../support/wsgi-cases.ts";

describe("close()", () => {
  const cases = new Cases("wsgi_cases:app");

  /** What was noted of `name`, once it is closed and its request is over: another one has run behind it. */
  async function notesOf(name: string): Promise<string[]> {
    await noted(cases.server, new RegExp(`^${name}: close`));
    await cases.ask("/body/list-one");
    return recordOf(cases.server)
      .filter((note) => note.startsWith(`${name}: `))
      .map((note) => note.slice(name.length + 2));
  }

  describe("is called once", () => {
    it("after a whole body", async () => {
      assert.equal(await cases.text("/body/closed?kind=whole&name=whole"), "a body");
      assert.deepEqual(await notesOf("whole"), ["next 1", "next 2", "next 3", "close"]);
    });
    it("after an empty body", async () => {
      assert.equal(await cases.text("/body/closed?kind=empty&name=empty"), "");
      assert.deepEqual(await notesOf("empty"), ["next 1", "close"]);
    });
    it("after a body that is longer than its Content-Length", async () => {
      assert.equal(await cases.text("/body/closed?kind=length&name=length"), "a body");
      assert.deepEqual(await notesOf("length"), ["next 1", "next 2", "close"]);
    });
    for (const status of ["204", "304"]) {
      it(`after a ${status}, which asks for one chunk`, async () => {
        await cases.ask(`/body/closed?kind=${status}&name=${status}`);
        assert.deepEqual(await notesOf(status), ["next 1", "close"]);
      });
    }
    it("after HEAD, which asks for one chunk", async () => {
      await cases.ask("/body/closed?kind=whole&name=head", { method: "HEAD" });
      assert.deepEqual(await notesOf("head"), ["next 1", "close"]);
    });
    it("when start_response was never called", async () => {
      await cases.fails("/body/closed?kind=no-start&name=no-start");
      assert.deepEqual(await notesOf("no-start"), ["next 1", "close"]);
    });
    it("when the first chunk raises", async () => {
      await cases.fails("/body/closed?kind=raises-first&name=raises-first");
      assert.deepEqual(await notesOf("raises-first"), ["next 1", "close"]);
    });
    it("when a later chunk raises", async () => {
      await cases.breaks("/body/closed?kind=raises-later&name=raises-later", "first");
      assert.deepEqual(await notesOf("raises-later"), ["next 1", "next 2", "close"]);
    });
    it("when a chunk raises SystemExit", async () => {
      await cases.breaks("/body/closed?kind=exits&name=exits", "first");
      assert.deepEqual(await notesOf("exits"), ["next 1", "next 2", "close"]);
    });
    it("when a chunk is no bytes", async () => {
      await cases.breaks("/body/closed?kind=text&name=text", "first");
      assert.deepEqual(await notesOf("text"), ["next 1", "next 2", "close"]);
    });
    it("of the iterable, not of its iterator", async () => {
      assert.equal(await cases.text("/body/another-iterator"), "from another");
      assert.deepEqual(await notesOf("self"), ["close"]);
    });
    for (const way of ["FIN", "RST"]) {
      it(`when the client has gone by ${way}`, async () => {
        const name = `gone-${way}`;
        using client = cases.begin(`/body/gone?name=${name}`);
        await client.bytes(1);
        if (way === "RST") client.reset();
        else client.socket.destroy();
        await noted(cases.server, `${name}: closed`);
        assert.deepEqual(await notesOf(name), ["closed"]);
      });
    }
    it("and write() raises when the client has gone: ConnectionError", async () => {
      using client = cases.begin("/body/gone-write?name=gone-write");
      await client.bytes(1);
      client.reset();
      await noted(cases.server, "gone-write: write() raised");
    });
  });

  describe("that raises", () => {
    for (const [name, error] of [
      ["close-raises", "RuntimeError: on purpose, in close"],
      ["close-exits", "SystemExit: 3"],
    ] as const) {
      it(`is logged and harms nothing: ${name}`, async () => {
        using client = cases.begin(`/body/${name}`);
        const answer = await client.response();
        assert.ok(answer.isWhole);
        assert.equal(answer.body.toString(), "a body");
        await cases.goesOn(client);
        await cases.server.logged(
          new RegExp(`error in close\\(\\) after GET /body/${name} \\[\\w+\\]\n[^]*${error}`),
        );
      });
    }
    it("after another error: both are logged, and the client has its 500", async () => {
      await cases.fails("/body/close-raises-before-head");
      await cases.server.logged(
        /error in GET \/body\/close-raises-before-head \[\w+\]\n[^]*in iteration/,
      );
      await cases.server.logged("error in close() after GET /body/close-raises-before-head [");
    });
    it("because it is not callable: is logged", async () => {
      assert.equal(await cases.text("/body/close-not-callable"), "a body");
      await cases.server.logged("error in close() after GET /body/close-not-callable [");
    });
  });

  describe("that takes its time", () => {
    for (const kind of ["length", "sized", "unknown"]) {
      it(`comes when the client has the whole answer: ${kind}`, async () => {
        const name = `slow-close-${kind}`;
        using client = cases.begin(`/body/close-gated?kind=${kind}&name=${name}`);
        const answer = await client.response();
        assert.ok(answer.isWhole);
        assert.equal(answer.body.toString(), "a body");
        openGate(cases.server, name);
        await cases.goesOn(client);
        assert.deepEqual(await notesOf(name), ["close"]);
      });
    }
    it("holds back no error page", async () => {
      // close() of what raised first is due before the server may forget the request, but the client need not wait for it.
      const name = "slow-close-error";
      using client = cases.begin(`/body/close-gated-error?name=${name}`);
      assert.equal((await client.response()).status, 500);
      openGate(cases.server, name);
      await cases.goesOn(client);
      assert.deepEqual(await notesOf(name), ["close"]);
    });
  });
});
