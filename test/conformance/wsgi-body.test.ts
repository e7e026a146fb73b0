// Bodies (PEP 3333): what an application may return and write, when it is on the wire, lengths, and answers without a body.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noted, openGate, recordOf } from "../support/record.ts";
import type { RawClient } from "../support/raw-client.ts";
import { waitFor } from "../support/server.ts";
import { Cases } from "../support/wsgi-cases.ts";

describe("a body", () => {
  const cases = new Cases("wsgi_cases:app");

  describe("may be", () => {
    for (const [name, body] of [
      ["list-one", "a body"],
      ["list-many", "a body"],
      ["list-empty", ""],
      ["list-of-empty", ""],
      ["list-empty-between", "ab"],
      ["tuple-one", "a body"],
      ["tuple-many", "a body"],
      ["tuple-empty", ""],
      ["generator", "a body"],
      ["generator-empty", ""],
      ["generator-of-empty", ""],
      ["set-one", "a body"],
      ["dict-keys", "a body"],
      ["old-protocol", "old protocol"],
      ["sized-one", "a body"],
      ["sized-two", "a body"],
      ["sized-zero-lie", "a body"],
      ["sized-more-lie", "a body"],
      ["sized-one-of-none", ""],
      ["sized-raises", "a body"],
      ["bytes-subclass", "a body"],
      ["bytes-empty", ""],
      ["map-returned", "a body"],
      ["chain-returned", "a body"],
      ["another-iterator", "from another"],
      ["as-class", "a class"],
    ] as const) {
      cases.itGives(`/body/${name}`, body, name);
    }
    it("every byte value", async () => {
      const { body } = await cases.ask("/body/binary");
      assert.deepEqual(
        [...body],
        Array.from({ length: 1024 }, (_, index) => index % 256),
      );
    });
    it("megabytes", async () => {
      const { body, fields } = await cases.ask("/body/megabytes");
      assert.equal(fields.get("content-length"), String(3 * 2 ** 20));
      assert.ok(body.every((byte) => byte === 0x78));
      assert.equal(body.length, 3 * 2 ** 20);
    });
    it("thousands of chunks", async () => {
      const expected = Array.from({ length: 5000 }, (_, index) => `${index},`).join("");
      assert.equal(await cases.text("/body/many-chunks"), expected);
    });
  });

  describe("may not be", () => {
    for (const [name, log] of [
      ["bytes-direct", "TypeError: .*bytes.*int"],
      ["text-direct", "TypeError: .*bytes.*str"],
      ["text-chunk", "TypeError: .*bytes.*str"],
      ["none-returned", "TypeError: .*iterable.*NoneType"],
      ["int-returned", "TypeError: .*iterable.*int"],
      ["object-returned", "TypeError: .*iterable.*object"],
      ["closed-without-iterator", "TypeError: .*iterable.*_OnlyClose"],
      ["none-chunk", "TypeError: .*bytes.*NoneType"],
      ["int-chunk", "TypeError: .*bytes.*int"],
      ["bytearray-chunk", "TypeError: .*bytes.*bytearray"],
      ["memoryview-chunk", "TypeError: .*bytes.*memoryview"],
      ["text-second-chunk", "TypeError: .*bytes.*str"],
    ] as const) {
      if (name === "text-second-chunk") continue;
      cases.itFails(
        `/body/${name}`,
        new RegExp(`error in GET /body/${name} \\[\\w+\\]\n[^]*${log}`),
        name,
      );
    }
    for (const [name, body] of [
      ["text-second-chunk", "a "],
      ["text-after-bytes", "first"],
    ] as const) {
      it(`${name}: what came before is not made to look whole`, async () => {
        await cases.breaks(`/body/${name}`, body);
        await cases.server.logged(`error in GET /body/${name} [`);
      });
    }
    it("and is closed nevertheless", async () => {
      await noted(cases.server, "only close: close");
    });
  });

  describe("is on the wire before the next chunk is asked for", () => {
    it("chunk by chunk of a generator", async () => {
      using client = cases.begin("/body/gated?name=generator");
      await client.bytes(1);
      for (const number of [0, 1]) {
        await received(client, `chunk ${number},`);
        openGate(cases.server, `generator-${number + 1}`);
      }
      assert.equal((await client.response()).body.toString(), "chunk 0,chunk 1,chunk 2,");
    });
    it("under a Content-Length", async () => {
      using client = cases.begin("/body/gated-length?name=length");
      await received(client, "12345");
      openGate(cases.server, "length-1");
      assert.equal((await client.response()).body.toString(), "1234567890");
    });
    it("for HTTP/1.0", async () => {
      using client = cases.begin("/body/gated?name=old", { version: "1.0" });
      for (const number of [0, 1]) {
        await received(client, `chunk ${number},`);
        openGate(cases.server, `old-${number + 1}`);
      }
      assert.equal((await client.response()).body.toString(), "chunk 0,chunk 1,chunk 2,");
    });
    it("by write()", async () => {
      using client = cases.begin("/body/gated-write?name=write");
      await received(client, "written,");
      openGate(cases.server, "write-1");
      await received(client, "again,");
      openGate(cases.server, "write-2");
      assert.equal((await client.response()).body.toString(), "written,again,returned");
    });
    it("but nothing, not even the head, for an empty chunk", async () => {
      using client = cases.begin("/body/gated-empty?name=empty");
      await noted(cases.server, "empty: one empty chunk");
      // An answer of the front overtakes nothing: had the head been sent, it would be here by now.
      using other = cases.begin("/", { fields: ["Expect: what"] });
      assert.equal((await other.response()).status, 417);
      assert.equal(client.receivedBytes, 0);
      openGate(cases.server, "empty-1");
      assert.equal((await client.response()).body.toString(), "full");
    });
  });

  describe("by write()", () => {
    for (const [name, body] of [
      ["write-only", "a body"],
      ["write-then-list", "written and returned"],
      ["write-then-one", "written and returned"],
      ["write-then-generator", "written and generated"],
      ["write-in-generator", "yielded,written,yielded"],
      ["write-empty", "a body"],
      ["write-empty-only", ""],
      ["write-length", "a body"],
      ["write-text-swallowed", "refused"],
      ["write-from-thread", "from a thread,from the application"],
    ] as const) {
      cases.itGives(`/body/${name}`, body, name);
    }
    for (const name of ["write-text", "write-none", "write-int"]) {
      cases.itFails(
        `/body/${name}`,
        new RegExp(`error in GET /body/${name} \\[\\w+\\]\n[^]*TypeError: .*bytes`),
        name,
      );
    }
    it("keeps the length, if the head had none", async () => {
      const answer = await cases.ask("/body/write-empty");
      assert.equal(answer.fields.get("content-length"), "6");
    });
    it("is cut at the Content-Length", async () => {
      using client = cases.begin("/body/write-too-long");
      assert.equal((await client.response()).body.toString(), "a bo");
      await cases.goesOn(client);
      await cases.server.logged(
        /GET \/body\/write-too-long \[\w+\]: .*longer than its Content-Length/,
      );
    });
    it("is broken if it is shorter than the Content-Length", async () => {
      await cases.breaks("/body/write-too-short", "a body");
      await cases.server.logged(/GET \/body\/write-too-short \[\w+\]: .*3 bytes shorter/);
    });
    it("is not enough: an iterable is due", async () => {
      await cases.breaks("/body/write-and-none", "a body");
      await cases.server.logged(
        /error in GET \/body\/write-and-none \[\w+\]\n[^]*TypeError: .*iterable/,
      );
    });
    for (const name of ["write-keep", "write-keep-in-generator"]) {
      it(`when the request is over (${name}): an error, and nothing of it on the wire`, async () => {
        using client = cases.begin(`/body/${name}`);
        assert.equal((await client.response()).body.toString(), "kept");
        for (const target of ["/body/write-late", "/body/write-late"]) {
          assert.equal(
            await cases.text(target),
            "RuntimeError,AssertionError,ValueError,RuntimeError",
          );
        }
        await cases.goesOn(client);
      });
    }
  });

  describe("of which the length is known", () => {
    for (const name of [
      "list-one",
      "list-many",
      "tuple-one",
      "sized-one",
      "list-empty",
      "list-of-empty",
    ]) {
      it(`gets Content-Length: ${name}`, async () => {
        const answer = await cases.ask(`/body/${name}`);
        assert.equal(answer.fields.get("content-length"), String(answer.body.length));
        assert.equal(answer.fields.get("transfer-encoding"), undefined);
      });
    }
    it("is asked to its end, though len() tells that one chunk is all", async () => {
      assert.equal(await cases.text("/body/sized-one-noting"), "a body");
      await noted(cases.server, "sized: asked to its end");
    });
    it("is cut behind the one chunk that len() has told, with a line in the log", async () => {
      const from = cases.server.stderr.length;
      using client = cases.begin("/body/sized-one-lie");
      assert.equal((await client.response()).body.toString(), "a body");
      await cases.goesOn(client);
      assert.match(cases.server.stderr.slice(from), /GET \/body\/sized-one-lie \[\w+\]: .*longer/);
    });
    for (const name of ["generator", "sized-two", "chain-returned"]) {
      it(`not before its end is chunked: ${name}`, async () => {
        const answer = await cases.ask(`/body/${name}`);
        assert.equal(answer.fields.get("content-length"), undefined);
        assert.equal(answer.fields.get("transfer-encoding"), "chunked");
      });
      it(`not before its end ends with the connection for HTTP/1.0: ${name}`, async () => {
        using client = cases.begin(`/body/${name}`, {
          version: "1.0",
          fields: ["Connection: keep-alive"],
        });
        const answer = await client.response();
        assert.equal(answer.fields.get("transfer-encoding"), undefined);
        assert.equal(answer.fields.get("connection"), "close");
        assert.equal(answer.body.toString(), "a body");
        assert.equal(client.error, undefined);
      });
    }
  });

  describe("under a Content-Length", () => {
    for (const kind of ["list", "pieces", "iterator"]) {
      it(`is as it was said: ${kind}`, async () => {
        using client = cases.begin(`/body/length?say=6&give=6&kind=${kind}&name=right`);
        assert.equal((await client.response()).body.toString(), "012345");
        await cases.goesOn(client);
      });
      it(`is cut if it is longer, with a line in the log: ${kind}`, async () => {
        const from = cases.server.stderr.length;
        using client = cases.begin(`/body/length?say=5&give=9&kind=${kind}&name=long-${kind}`);
        const answer = await client.response();
        assert.equal(answer.fields.get("content-length"), "5");
        assert.equal(answer.body.toString(), "01234");
        await cases.goesOn(client);
        assert.match(cases.server.stderr.slice(from), /GET \/body\/length \[\w+\]: .*longer/);
      });
      it(`is broken if it is shorter, with a line in the log: ${kind}`, async () => {
        const from = cases.server.stderr.length;
        const target = `/body/length?say=9&give=4&kind=${kind}&name=short-${kind}`;
        await cases.breaks(target, "0123");
        await cases.ask("/body/list-one");
        assert.match(
          cases.server.stderr.slice(from),
          /GET \/body\/length \[\w+\]: .*5 bytes shorter/,
        );
      });
      it(`is broken if there is none at all: ${kind}`, async () => {
        const target = `/body/length?say=9&give=0&kind=${kind}&name=none-${kind}`;
        await cases.breaks(target, "");
      });
      it(`of 0 is cut, too: ${kind}`, async () => {
        using client = cases.begin(`/body/length?say=0&give=4&kind=${kind}&name=zero-${kind}`);
        assert.equal((await client.response()).body.toString(), "");
        await cases.goesOn(client);
      });
    }
    it("is not asked for without end", async () => {
      using client = cases.begin("/body/endless");
      assert.equal((await client.response()).body.toString(), "xxxxx");
      await cases.goesOn(client);
      await noted(cases.server, "endless: closed");
    });
    it("is whole, whatever is raised behind it", async () => {
      using client = cases.begin("/body/length-then-raise");
      const answer = await client.response();
      assert.ok(answer.isWhole);
      await cases.goesOn(client);
      await cases.server.logged("error in GET /body/length-then-raise [");
    });
  });

  describe("is not sent", () => {
    const STATUSES = ["204+No+Content", "304+Not+Modified", "205+Reset+Content"];
    for (const line of STATUSES) {
      for (const kind of ["list", "iterator", "write"]) {
        it(`for ${line}: ${kind}`, async () => {
          using client = cases.begin(`/body/status?line=${line}&kind=${kind}&name=${line}-${kind}`);
          const answer = await client.response();
          assert.equal(answer.head.split("\r\n")[0], `HTTP/1.1 ${line.replaceAll("+", " ")}`);
          assert.equal(answer.body.length, 0);
          assert.equal(answer.fields.get("transfer-encoding"), undefined);
          const length = answer.fields.get("content-length");
          assert.equal(length, line.startsWith("205") ? "0" : undefined);
          await cases.goesOn(client);
          const notes = recordOf(cases.server).filter((note) => note.startsWith(`${line}-${kind}`));
          if (kind === "iterator")
            assert.deepEqual(notes, [`${line}-${kind}: next 1`, `${line}-${kind}: close`]);
        });
      }
    }
    it("for 304, whose Content-Length stays", async () => {
      const answer = await cases.ask("/body/status?line=304+x&say=6");
      assert.equal(answer.fields.get("content-length"), "6");
    });
    it("for 204, whose Content-Length goes", async () => {
      using client = cases.begin("/body/status?line=204+x&say=6");
      assert.equal((await client.response()).fields.get("content-length"), undefined);
      await cases.goesOn(client);
    });
    for (const name of [
      "list-one",
      "list-many",
      "tuple-one",
      "generator",
      "write-only",
      "sized-one",
    ]) {
      it(`for HEAD, nor a length added: ${name}`, async () => {
        using client = cases.begin(`/body/${name}`, { method: "HEAD" });
        const answer = await client.response("HEAD");
        assert.equal(answer.status, 200);
        assert.equal(answer.fields.get("content-length"), undefined);
        assert.equal(answer.fields.get("transfer-encoding"), undefined);
        await cases.goesOn(client);
      });
    }
    it("for HEAD; the application's length stays", async () => {
      using client = cases.begin("/body/head-write", { method: "HEAD" });
      assert.equal((await client.response("HEAD")).fields.get("content-length"), "6");
      await cases.goesOn(client);
    });
    it("for HEAD of a generator, which is asked until it has called start_response", async () => {
      using client = cases.begin("/body/head-generator", { method: "HEAD" });
      const answer = await client.response("HEAD");
      assert.equal(`${answer.status} ${answer.reason}`, "203 Somewhat");
      assert.equal(answer.fields.get("x-late"), "1");
      await cases.goesOn(client);
      const notes = recordOf(cases.server).filter((note) => note.startsWith("head generator"));
      assert.deepEqual(notes, ["head generator: asked", "head generator: closed"]);
    });
    it("for HEAD that fails: the head of the error page", async () => {
      await cases.fails("/body/head-raises", { method: "HEAD" });
      await cases.server.logged("error in HEAD /body/head-raises [");
    });
    it("for HEAD on HTTP/1.0", async () => {
      using client = cases.begin("/body/generator", { method: "HEAD", version: "1.0" });
      const answer = await client.response("HEAD");
      await client.ended();
      assert.equal(answer.status, 200);
      assert.equal(client.receivedBytes, 0);
    });
  });

  it("knows nothing of what threads of the application print", async () => {
    assert.equal(await cases.text("/body/threads"), "a body");
    for (const line of [
      "a line of the application on stdout\n",
      ...[0, 1, 2, 3].map((number) => `line ${number} of a thread\n`),
    ]) {
      await waitFor(line, () => cases.server.stdout.includes(line));
    }
  });
});

/** Resolves when `text` is among what the client got and has not taken. */
async function received(client: RawClient, text: string): Promise<void> {
  while (!client.received.includes(text)) await client.bytes(client.receivedBytes + 1);
}
