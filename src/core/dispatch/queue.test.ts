import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OVERLOAD_MS, WaitingQueue } from "./queue.ts";
import { DispatchedRequest } from "./request.ts";

class Request extends DispatchedRequest {
  readonly route = 1;
  readonly isSafe = true;
  readonly frameBytes = 100;
  readonly name: string;

  constructor(name: string, queuedAt: number) {
    super();
    this.name = name;
    this.queuedAt = queuedAt;
  }
}

function queueOf(...requests: Request[]): WaitingQueue<Request> {
  const queue = new WaitingQueue<Request>();
  for (const request of requests) queue.push(request);
  return queue;
}

/** Takes all out, oldest first, and checks the links in both directions on the way. */
function names(queue: WaitingQueue<Request>): string {
  let text = "";
  for (let request = queue.oldest; request !== undefined; request = queue.oldest) {
    assert.equal(request.older, undefined);
    if (request.newer !== undefined) assert.equal(request.newer.older, request);
    text += request.name;
    queue.remove(request);
  }
  assert.equal(queue.size, 0);
  assert.equal(queue.peek(0), undefined);
  return text;
}

describe("WaitingQueue", () => {
  it("serves the oldest first", () => {
    const queue = queueOf(new Request("a", 0), new Request("b", 1));
    assert.equal(queue.peek(OVERLOAD_MS - 1)?.name, "a");
    assert.equal(names(queue), "ab");
  });

  it("serves the newest first once the oldest has waited a second", () => {
    const queue = queueOf(new Request("a", 0), new Request("b", 1), new Request("c", 2));
    assert.equal(queue.peek(OVERLOAD_MS)?.name, "c");
  });

  it("is back to oldest first when the overload is gone", () => {
    const old = new Request("a", 0);
    const queue = queueOf(old, new Request("b", 900), new Request("c", 950));
    queue.remove(old);
    assert.equal(queue.peek(OVERLOAD_MS)?.name, "b");
  });

  it("lets any request leave: first, last, in the middle, the only one", () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name, at) => new Request(name, at));
    if (a === undefined || b === undefined || c === undefined || d === undefined) return;
    const queue = queueOf(a, b, c, d);
    queue.remove(b);
    assert.equal(queue.size, 3);
    queue.remove(a);
    queue.remove(d);
    assert.equal(queue.oldest, c);
    assert.equal(names(queue), "c");
  });

  it("refuses to let a request leave that does not wait", () => {
    const queue = queueOf(new Request("a", 0));
    assert.throws(() => {
      queue.remove(new Request("b", 0));
    }, /new cannot leave/);
  });

  it("puts a request back before those that are not older", () => {
    const queue = queueOf(new Request("b", 10), new Request("d", 30), new Request("e", 30));
    queue.putBack(new Request("c", 20));
    queue.putBack(new Request("a", 5));
    queue.putBack(new Request("x", 30));
    queue.putBack(new Request("f", 40));
    assert.equal(names(queue), "abcxdef");
  });

  it("keeps the order of requests of one instant that come back newest first", () => {
    const queue = queueOf(new Request("d", 7));
    for (const name of ["c", "b", "a"]) queue.putBack(new Request(name, 7));
    assert.equal(names(queue), "abcd");
  });

  it("puts back into an empty queue", () => {
    const queue = new WaitingQueue<Request>();
    queue.putBack(new Request("a", 3));
    assert.equal(queue.size, 1);
    assert.equal(names(queue), "a");
  });
});
