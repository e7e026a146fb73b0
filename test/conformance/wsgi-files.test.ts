// wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling"): what is sent of a file, and that it is closed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pattern } from "../support/pattern.ts";
import { noted, recordOf } from "../support/record.ts";
import { Cases } from "../support/wsgi-cases.ts";

const TEXT = "0123456789".repeat(10);

describe("wsgi.file_wrapper", () => {
  const cases = new Cases("wsgi_cases:app");

  for (const [kind, body] of [
    ["real", TEXT],
    ["middle", "56789"],
    ["partly-read", "56789"],
    ["end", ""],
    ["empty", ""],
    ["memory", TEXT],
    ["only-read", TEXT],
    ["noted", TEXT],
    ["strange-descriptor", TEXT],
    ["other-descriptor", TEXT],
    ["short-reads", TEXT],
    ["pipe", TEXT],
  ] as const) {
    cases.itGives(`/files/wrapped?kind=${kind}&name=${kind}`, body, `sends all of it: ${kind}`);
  }
  for (const kind of ["large", "large-memory"]) {
    it(`sends megabytes: ${kind}`, async () => {
      const { body } = await cases.ask(`/files/wrapped?kind=${kind}`);
      assert.ok(body.equals(pattern(256 * 12_000)));
    });
    it(`sends megabytes under a Content-Length: ${kind}`, async () => {
      const answer = await cases.ask(`/files/wrapped?kind=${kind}&say=${256 * 12_000}`);
      assert.equal(answer.fields.get("transfer-encoding"), undefined);
      assert.ok(answer.isWhole);
      assert.ok(answer.body.equals(pattern(256 * 12_000)));
    });
  }
  for (const kind of ["real", "memory", "only-read"]) {
    it(`takes a block size: ${kind}`, async () => {
      assert.equal(await cases.text(`/files/wrapped?kind=${kind}&block=7`), TEXT);
    });
    it(`keeps the Content-Length: ${kind}`, async () => {
      using client = cases.begin(`/files/wrapped?kind=${kind}&say=100`);
      const answer = await client.response();
      assert.equal(answer.fields.get("content-length"), "100");
      assert.equal(answer.body.toString(), TEXT);
      await cases.goesOn(client);
    });
    it(`is cut at the Content-Length: ${kind}`, async () => {
      using client = cases.begin(`/files/wrapped?kind=${kind}&say=10`);
      assert.equal((await client.response()).body.toString(), "0123456789");
      await cases.goesOn(client);
    });
    it(`is broken if the file is too short: ${kind}`, async () => {
      await cases.breaks(`/files/wrapped?kind=${kind}&say=101`, TEXT);
    });
    for (const status of ["204+x", "304+x"]) {
      it(`sends nothing for ${status}: ${kind}`, async () => {
        using client = cases.begin(`/files/wrapped?kind=${kind}&status=${status}`);
        assert.equal((await client.response()).body.length, 0);
        await cases.goesOn(client);
      });
    }
    it(`sends nothing for HEAD: ${kind}`, async () => {
      using client = cases.begin(`/files/wrapped?kind=${kind}&say=100`, { method: "HEAD" });
      assert.equal((await client.response("HEAD")).fields.get("content-length"), "100");
      await cases.goesOn(client);
    });
  }

  describe("closes the file once", () => {
    for (const [what, query, method] of [
      ["after all of it", "", "GET"],
      ["after HEAD", "", "HEAD"],
      ["after 304", "&status=304+x", "GET"],
      ["cut at the Content-Length", "&say=10", "GET"],
      ["too short", "&say=101", "GET"],
      ["whole under its Content-Length", "&say=100", "GET"],
    ] as const) {
      it(what, async () => {
        const name = `file${query}${method}`.replaceAll(/\W/g, "-");
        using client = cases.begin(`/files/wrapped?kind=noted&name=${name}${query}`, { method });
        await client.response(method);
        await noted(cases.server, `${name}: closed`);
        await cases.ask("/body/list-one");
        const notes = recordOf(cases.server).filter((note) => note.startsWith(`${name}: `));
        assert.deepEqual(notes, [`${name}: closed`]);
      });
    }
    it("unless the wrapper was not returned", async () => {
      assert.equal(await cases.text("/files/not-used"), "something else");
      assert.ok(!recordOf(cases.server).includes("not used: closed"));
    });
  });

  it("breaks the answer when read() raises later", async () => {
    await cases.breaks("/files/wrapped?kind=raising", "0123456789");
    await cases.server.logged("OSError: on purpose, in read");
  });
  cases.itFails("/files/wrapped?kind=text", /TypeError: .*bytes.*str/, "refuses a text file");
  cases.itGives("/files/in-a-list", TEXT, "can be iterated by the application");
  cases.itGives("/files/through-generator", `<${TEXT}>`, "can be part of a generator");
  cases.itGives("/files/shape", "[True, True, False, True, 'abc']", "is as PEP 3333 says");
  it("is not needed: a file is an iterable with close()", async () => {
    assert.equal(await cases.text("/files/plain-file"), "one\r\ntwo\nthree");
    assert.equal(await cases.text("/files/plain-file-closed"), "True");
  });
});
