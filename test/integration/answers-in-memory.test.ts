// Large pieces of answers go from a worker to the front through memory (docs/protocol.md section 7): every byte arrives, whatever its client
// does, and whatever becomes of the worker an answer is either right or visibly cut.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadLibc } from "../../src/io/sockets/libc.ts";
import { mappedParts, takenSlots, touchedKiB } from "../support/answer-memory.ts";
import { get, spoolFiles } from "../support/answers-app.ts";
import { seededBody } from "../support/bodies.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { type ServerUnderTest, startServer, waitFor } from "../support/server.ts";
import {
  killWorkers,
  killZygotes,
  type Load,
  reloadUnder,
  startLoad,
} from "../support/upheavals.ts";

const KIB = 1024;
const MIB = 2 ** 20;
/** Smaller pieces go through the socket. */
const LEAST = 256 * KIB;
const SIZES = [0, 32 * KIB, LEAST - 1, LEAST, 400_000, MIB - 1, MIB, MIB + 1, 2 * MIB, 10 * MIB];
const WAYS = ["list", "parts", "generator", "file", "write"];
const PIECES = [20_000, LEAST, 300_000, MIB, 3 * MIB];

function serve(...args: string[]): Promise<ServerUnderTest> {
  return startServer("keyed_ways:app", { args: ["--workers", "1", ...args] });
}

interface Wanted {
  readonly target: string;
  readonly body: Buffer;
}

function wantedOf(seed: string, way: string, size: number, more = ""): Wanted {
  return { target: `/${way}?seed=${seed}&n=${size}${more}`, body: seededBody(seed, size) };
}

async function assertNext(client: RawClient, { target, body }: Wanted): Promise<void> {
  const answer = await client.response("GET", 60_000);
  assert.equal(answer.status, 200, target);
  assert.ok(answer.isWhole, target);
  assert.ok(answer.body.equals(body), `${answer.body.length} bytes of ${target}`);
}

async function assertSlotsAreFree(server: ServerUnderTest): Promise<void> {
  await waitFor("every slot to be free", () => takenSlots(server) === 0);
}

const skip = loadLibc() === undefined && "this process cannot map memory";

describe("large answers", { skip }, () => {
  for (const way of WAYS) {
    it(`of every size arrive byte for byte, pipelined (${way})`, async () => {
      await using server = await serve();
      using client = new RawClient(server.port);
      const all: Wanted[] = [];
      for (const size of SIZES) {
        for (const [index, piece] of PIECES.entries()) {
          const more = `&piece=${piece}${index % 2 === 0 ? "&length=1" : ""}`;
          all.push(wantedOf(`${way}-${size}-${piece}`, way, size, more));
        }
      }
      for (const { target } of all) client.send(get(target));
      for (const wanted of all) await assertNext(client, wanted);
      await assertSlotsAreFree(server);
    });
  }

  it("use the memory from 256 KiB on, and it is let go", async () => {
    await using server = await serve();
    const ask = async (size: number): Promise<void> => {
      using client = new RawClient(server.port);
      const wanted = wantedOf(`only-${size}`, "list", size);
      client.send(get(wanted.target));
      await assertNext(client, wanted);
    };
    await ask(LEAST - 1);
    // The words alone.
    assert.ok(touchedKiB(server) <= 64, `${touchedKiB(server)} KiB are touched`);
    const before = touchedKiB(server);
    await ask(LEAST);
    assert.ok(touchedKiB(server) >= before + 256);
    await ask(10 * MIB);
    assert.ok(touchedKiB(server) >= 1024);
    await assertSlotsAreFree(server);
  });

  it("do not use it where sockets are Node's own", async () => {
    await using server = await serve("--direct-sockets", "off");
    using client = new RawClient(server.port);
    for (const size of SIZES) {
      const wanted = wantedOf(`off-${size}`, "list", size);
      client.send(get(wanted.target));
      await assertNext(client, wanted);
    }
    assert.equal(mappedParts(server), 0);
  });

  it("have their length when the application gave none, and none of them has a body for HEAD", async () => {
    await using server = await serve();
    using client = new RawClient(server.port);
    for (const size of [MIB, MIB + 1, 10 * MIB]) {
      for (const way of ["list", "parts"]) {
        const wanted = wantedOf("length", way, size);
        client.send(get(wanted.target).replace("GET", "HEAD"));
        const head = await client.response("HEAD");
        assert.deepEqual([head.status, head.body.length], [200, 0]);
        client.send(get(wanted.target));
        const answer = await client.response("GET", 60_000);
        assert.ok(answer.body.equals(wanted.body));
        assert.equal(answer.fields.get("content-length"), String(size));
      }
    }
    await assertSlotsAreFree(server);
  });

  it("are cut at their Content-Length", async () => {
    await using server = await startServer("answers:app", { args: ["--workers", "1"] });
    const { workers } = server;
    for (const piece of [MIB, 3 * MIB, 5 * MIB]) {
      const target = `/length?say=${2 * MIB}&n=${5 * MIB}&piece=${piece}`;
      const answer = await rawRequest(server.port, get(target));
      assert.ok(answer.isWhole);
      assert.equal(answer.body.length, 2 * MIB);
    }
    await server.logged("longer than its Content-Length");
    assert.deepEqual(server.workers, workers);
    await assertSlotsAreFree(server);
  });

  for (const limits of [[], ["--response-memory", "64k"], ["--response-file", "0"]]) {
    it(`wait for slow readers and hold no worker up: ${limits.join(" ")}`, async () => {
      await using server = await serve("--threads", "2", ...limits);
      const slow: { client: RawClient; wanted: Wanted }[] = [];
      // Without files each of them holds up a thread, and others would wait for one until --queue-timeout.
      const slowOnes = limits[1] === "0" ? 2 : 6;
      for (let index = 0; index < slowOnes; index++) {
        const client = new RawClient(server.port);
        const way = WAYS[index % WAYS.length] ?? "";
        // More than the kernel keeps for a connection.
        const size = (index + 6) * MIB;
        const wanted = wantedOf(`slow-${index}`, way, size, "&piece=1048576");
        client.send(get(wanted.target));
        await client.bytes(1);
        client.pause();
        slow.push({ client, wanted });
      }
      const quickOnes = limits[1] === "0" ? 0 : 10;
      for (let index = 0; index < quickOnes; index++) {
        using quick = new RawClient(server.port);
        const wanted = wantedOf(`quick-${index}`, "list", MIB);
        quick.send(get(wanted.target));
        await assertNext(quick, wanted);
      }
      for (const { client, wanted } of slow) {
        client.resume();
        await assertNext(client, wanted);
        client.socket.destroy();
      }
      await assertSlotsAreFree(server);
      await waitFor("no file", () => spoolFiles(server).length === 0);
    });
  }

  it("leave no slot taken when their clients reset", async () => {
    await using server = await serve();
    for (let index = 0; index < 6; index++) {
      const client = new RawClient(server.port);
      // Far more than the kernel keeps for a connection: Linux 6.18 takes up to 36 MiB.
      client.send(get(`/generator?seed=gone-${index}&n=${64 * MIB}&piece=1048576`));
      await client.bytes(1);
      client.pause();
      if (index === 0) await waitFor("a slot to be held", () => takenSlots(server) > 0);
      client.reset();
    }
    await assertSlotsAreFree(server);
    const wanted = wantedOf("after", "list", MIB);
    using client = new RawClient(server.port);
    client.send(get(wanted.target));
    await assertNext(client, wanted);
  });
});

interface Tally {
  right: number;
  cut: number;
  refused: number;
}

/** Answers of several sizes on connections of their own until it is stopped; each must be right, cut visibly, or a refusal of the server's. */
function startDownloads(server: ServerUnderTest, clients: number): Load<Tally> {
  const tally: Tally = { right: 0, cut: 0, refused: 0 };
  return startLoad(clients, tally, async (number, index) => {
    const isSlow = index % 3 === 0;
    // Of a slow one's the kernel does not keep all: what lies in slots waits there.
    const size = isSlow ? 7 * MIB + number : (SIZES[1 + (number % (SIZES.length - 2))] ?? 0);
    const way = WAYS[number % WAYS.length] ?? "";
    const wanted = wantedOf(`load-${number}`, way, size, "&length=1&piece=400000");
    using client = new RawClient(server.port);
    client.send(get(wanted.target));
    if (isSlow) {
      await client.bytes(1, 60_000).catch(() => {});
      client.pause();
      await new Promise((resolve) => setTimeout(resolve, 100));
      client.resume();
    }
    // It may end without a word when the server has broken it off behind no byte that has arrived.
    const answer = await client.response("GET", 60_000).catch(() => undefined);
    if (answer === undefined || (answer.status === 200 && !answer.isWhole)) {
      const came = answer?.body ?? Buffer.alloc(0);
      assert.ok(
        came.equals(wanted.body.subarray(0, came.length)),
        `wrong bytes of ${wanted.target}`,
      );
      tally.cut++;
    } else if (answer.status === 200) {
      assert.ok(answer.body.equals(wanted.body), `wrong bytes of ${wanted.target}`);
      tally.right++;
    } else {
      assert.ok(answer.status >= 500, `status ${answer.status}`);
      tally.refused++;
    }
  });
}

describe("the last answer of a worker", { skip }, () => {
  it("arrives whole when it was sent before its end, also to a slow reader", async () => {
    await using server = await startServer("dying_answers:app", { args: ["--workers", "1"] });
    for (let index = 0; index < 5; index++) {
      using slow = new RawClient(server.port);
      const last = wantedOf(`last-${index}`, "last", MIB);
      // The kernel has enough with the first ones: the last one waits in its slot, and its worker is gone.
      const before = wantedOf(`before-${index}`, "list", 6 * MIB);
      slow.send(get(before.target));
      await slow.bytes(1);
      slow.pause();
      slow.send(get(last.target));
      using quick = new RawClient(server.port);
      quick.send(get(last.target));
      await assertNext(quick, last);
      // What comes next has the place of the dead one.
      for (let more = 0; more < 4; more++) {
        const wanted = wantedOf(`more-${index}-${more}`, "list", MIB);
        quick.send(get(wanted.target));
        await assertNext(quick, wanted);
      }
      slow.resume();
      await assertNext(slow, before);
      await assertNext(slow, last);
    }
    await assertSlotsAreFree(server);
  });

  it("leaves no slot taken when nobody was told of it", async () => {
    await using server = await startServer("dying_answers:app", { args: ["--workers", "1"] });
    for (let index = 0; index < 3; index++) {
      const { status } = await rawRequest(server.port, get("/untold?seed=a&n=50000"));
      assert.equal(status, 502);
      await waitFor("a worker", () => server.workers.length === 1);
      const wanted = wantedOf(`next-${index}`, "list", MIB);
      using client = new RawClient(server.port);
      client.send(get(wanted.target));
      await assertNext(client, wanted);
    }
    await assertSlotsAreFree(server);
    // Its worker lives on: the slot is free when it gets its next request.
    const { status } = await rawRequest(server.port, get("/untold?seed=a&n=50000&raise=1"));
    assert.equal(status, 500);
    assert.equal(takenSlots(server), 1);
    await rawRequest(server.port, get("/list?seed=a&n=1"));
    assert.equal(takenSlots(server), 0);
  });
});

describe("large answers under load", { skip }, () => {
  for (const threads of ["1", "2"]) {
    it(`are right or cut when workers are killed, with ${threads} threads each`, async () => {
      const args = ["--workers", "2", "--threads", threads];
      await using server = await startServer("keyed_ways:app", { args });
      const load = startDownloads(server, 8);
      await killWorkers(server, load, 25);
      await load.stop();
      assert.ok(load.tally.right >= 75, JSON.stringify(load.tally));
      await assertSlotsAreFree(server);
    });
  }

  it("are right or cut when the zygote is killed", async () => {
    const args = ["--workers", "2"];
    await using server = await startServer("keyed_ways:app", { args });
    const load = startDownloads(server, 8);
    await killZygotes(server, load, 3);
    await load.stop();
    await assertSlotsAreFree(server);
  });

  it("are all right when the server reloads, and the memory of old workers is let go", async () => {
    await using server = await startServer("keyed_ways:app", { args: ["--workers", "2"] });
    const load = startDownloads(server, 8);
    await reloadUnder(server, load, 4);
    await load.stop();
    const { cut, refused } = load.tally;
    assert.deepEqual({ cut, refused }, { cut: 0, refused: 0 });
    await assertSlotsAreFree(server);
    await waitFor("one generation's memory", () => mappedParts(server) === 2);
  });
});
