import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { descriptorOf } from "../net/node-handle.ts";
import { directPair, firstBytes, poller, SKIP } from "../../../test/support/direct-pair.ts";
import { READABLE, WRITABLE } from "./poll-events.ts";
import type { Pollable } from "./socket-poller.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Together more than one call tells of. Linux lets 500 descriptors of one socket be polled in this way. */
const SOCKETS = 2;
const DESCRIPTORS = 300;

/** So many descriptors of one socket that can be written to; each is told of by itself. */
async function writable(count: number): Promise<{ descriptors: number[] } & Disposable> {
  const pair = await directPair();
  const { libc } = poller();
  const at = descriptorOf(pair.client) ?? -1;
  const descriptors = Array.from({ length: count }, () => libc.duplicate(at, 3));
  return {
    descriptors,
    [Symbol.dispose]: () => {
      for (const fd of descriptors) libc.close(fd);
      pair[Symbol.dispose]();
    },
  };
}

/** Told of being writable at once. */
function addWaiting(fd: number, pollable: Pollable): void {
  poller().add(fd, pollable);
  poller().waitForRoom(fd, true);
}

function told(onReady: (events: number) => void): Pollable {
  return { onReady };
}

describe("a socket poller", { skip: SKIP }, () => {
  it("tells of all that is ready, once each, in one turn", async () => {
    using all = new DisposableStack();
    const ready = await Promise.all(Array.from({ length: SOCKETS }, () => writable(DESCRIPTORS)));
    const descriptors = ready.flatMap((one) => all.use(one).descriptors);
    const times: number[] = descriptors.map(() => 0);
    for (const [index, fd] of descriptors.entries()) {
      const pollable = told((events) => {
        times[index] = (times[index] ?? 0) + ((events & WRITABLE) === 0 ? 0 : 1);
      });
      addWaiting(fd, pollable);
    }
    await new Promise<void>((resolve) => {
      poller().atEndOfTurn(resolve);
    });
    assert.ok(times.every((count) => count === 1));
    for (const fd of descriptors) poller().forget(fd);
  });

  it("tells nobody who was forgotten by one that was told before", async () => {
    using ready = await writable(2);
    const seen: number[] = [];
    for (const fd of ready.descriptors) {
      const pollable = told(() => {
        seen.push(fd);
        for (const other of ready.descriptors) if (other !== fd) poller().forget(other);
      });
      addWaiting(fd, pollable);
    }
    while (seen.length === 0) await turn();
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(seen.length, 1);
    for (const fd of seen) poller().forget(fd);
  });

  it("calls what is wanted soon before the next has its turn, and what is wanted at the end behind all", async () => {
    using ready = await writable(2);
    const seen: string[] = [];
    for (const fd of ready.descriptors) {
      const pollable = told(() => {
        poller().atEndOfTurn(() => {
          seen.push("end");
          poller().soon(() => seen.push("soon after the end"));
        });
        poller().soon(() => {
          seen.push("soon");
          poller().soon(() => seen.push("sooner"));
        });
        seen.push("told");
      });
      addWaiting(fd, pollable);
    }
    while (seen.length < 10) await turn();
    const one = ["told", "soon", "sooner"];
    const end = ["end", "soon after the end"];
    assert.deepEqual(seen, [...one, ...one, ...end, ...end]);
    for (const fd of ready.descriptors) poller().forget(fd);
  });

  it("calls what is wanted at the end of a turn at that of the next, when the end is there", async () => {
    const seen: string[] = [];
    poller().atEndOfTurn(() => {
      poller().atEndOfTurn(() => seen.push("next"));
      seen.push("this");
      setImmediate(() => seen.push("between"));
    });
    while (seen.length < 3) await turn();
    assert.deepEqual(seen, ["this", "between", "next"]);
  });

  it("calls what is wanted soon as a tick, outside of a turn", async () => {
    const seen: string[] = [];
    poller().soon(() => seen.push("soon"));
    seen.push("now");
    await Promise.resolve();
    await new Promise((resolve) => {
      process.nextTick(resolve);
    });
    assert.deepEqual(seen, ["now", "soon"]);
  });

  it("tells again who asks for it, in the next turn", async () => {
    const seen: number[] = [];
    let mayAskAgain = true;
    const pollable = told((events) => {
      seen.push(events);
      if (mayAskAgain) poller().again(pollable);
      mayAskAgain = false;
    });
    poller().again(pollable);
    assert.deepEqual(seen, []);
    while (seen.length < 2) await turn();
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.deepEqual(seen, [READABLE, READABLE]);
  });

  it("keeps the process alive while there is something to poll, and no longer", async () => {
    const program = `
      const { listeningDescriptor, poller } = await import(${JSON.stringify(join(import.meta.dirname, "../../../test/support/direct-pair.ts"))});
      const { DirectListener } = await import(${JSON.stringify(join(import.meta.dirname, "direct-listener.ts"))});
      const { fd, at } = await listeningDescriptor();
      const listener = new DirectListener(fd, poller(), {
        onConnection(socket) {
          listener.close();
          socket.on("end", () => socket.end());
          socket.readInto(Buffer.alloc(10), (bytes) => socket.write(Buffer.from(bytes)));
        },
        onError: console.error,
      });
      console.log(at.port);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const client = connect(Number(await firstBytes(child.stdout)), "127.0.0.1");
    client.end("echo");
    assert.equal(await firstBytes(client), "echo");
    assert.deepEqual(await exited, [0, null]);
  });
});
