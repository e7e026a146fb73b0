import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ChannelFlusher } from "./channel-flusher.ts";
import { ChannelSocket } from "./channel-socket.ts";

const directory = mkdtempSync(join(tmpdir(), "rickhouse-unit-"));
after(() => rmSync(directory, { recursive: true }));

/** The front's end of a channel whose worker wrote `answer` and died; nothing of it was read yet. */
async function channelOfDeadWorker(answer: Buffer): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(join(directory, "channel.sock"));
  await once(server, "listening");
  const worker = connect(join(directory, "channel.sock"));
  const socket = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  worker.write(answer, () => worker.destroy());
  await once(worker, "close");
  server.close();
  return socket;
}

/** More than the stream reads ahead, less than the kernel takes. */
const ANSWER = Buffer.alloc(100_000, "x");

/** A channel whose worker has died, and how many bytes of ANSWER have come once it is closed. */
async function deadChannel(
  onData: (channel: ChannelSocket) => void = () => {},
): Promise<{ socket: Socket; channel: ChannelSocket; received: () => Promise<number> }> {
  const socket = await channelOfDeadWorker(ANSWER);
  const channel = new ChannelSocket(socket, new ChannelFlusher(() => 0));
  let received = 0;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    onData(channel);
  });
  socket.on("end", () => socket.end());
  const closed = once(socket, "close");
  return { socket, channel, received: () => closed.then(() => received) };
}

describe("a channel whose worker has died", () => {
  it("is read to its end, though the client of an answer is slow", async () => {
    const { channel, received } = await deadChannel((one) => {
      one.setPaused(true);
    });
    channel.readOut();
    assert.equal(await received(), ANSWER.length);
  });

  it("still gives what the worker wrote when a write to it failed meanwhile", async () => {
    const { socket, channel, received } = await deadChannel();
    socket.pause();
    channel.sendGone(1, false);
    channel.flush();
    // The failed write is told in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    socket.resume();
    assert.equal(await received(), ANSWER.length);
  });
});
