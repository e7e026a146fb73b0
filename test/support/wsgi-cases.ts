// The test's side of test/apps/wsgi_cases.py: how a conformance test asks for a case, and what is true after every case.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { RawClient, type RawResponse } from "./raw-client.ts";
import { type ServerUnderTest, startServer } from "./server.ts";

export interface CaseRequest {
  readonly method?: string;
  readonly version?: string;
  /** Field lines without Host, each without its line end. */
  readonly fields?: readonly string[];
  readonly body?: string | Uint8Array;
}

/** The bytes of a request; with a body and no framing of its own it gets a Content-Length. */
export function requestBytes(target: string, request: CaseRequest = {}): Buffer {
  const { method = "GET", version = "1.1", fields = [], body } = request;
  const lines = [`${method} ${target} HTTP/${version}`, "Host: test.example", ...fields];
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const isFramed = fields.some((line) => /^(content-length|transfer-encoding):/i.test(line));
  if (bytes !== undefined && !isFramed) lines.push(`Content-Length: ${bytes.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return bytes === undefined ? head : Buffer.concat([head, bytes]);
}

/** One server for all cases of a file. */
export class Cases {
  #server: ServerUnderTest | undefined;
  readonly #args: readonly string[];
  readonly #application: string;

  constructor(application: string, args: readonly string[] = ["--workers", "1"]) {
    this.#application = application;
    this.#args = args;
    let workers: number[] = [];
    before(async () => {
      this.#server = await startServer(application, { args: this.#args });
      workers = this.server.workers;
    });
    after(async () => {
      // Whatever a case did, it harmed no process.
      assert.deepEqual(this.server.workers, workers, "a worker was replaced");
      await this.server.stop();
    });
  }

  get server(): ServerUnderTest {
    if (this.#server === undefined) throw new Error(`${this.#application} was not started`);
    return this.#server;
  }

  /** One request on a connection of its own. */
  async ask(target: string, request: CaseRequest = {}): Promise<RawResponse> {
    using client = this.begin(target, request);
    return await client.response(request.method);
  }

  /** A connection on which this request was sent; its answer has yet to be read. */
  begin(target: string, request: CaseRequest = {}): RawClient {
    const client = new RawClient(this.server.port);
    client.send(requestBytes(target, request));
    return client;
  }

  async text(target: string, request: CaseRequest = {}): Promise<string> {
    return (await this.ask(target, request)).body.toString("latin1");
  }

  /** A connection that is good for another request: nothing of the last one is left on it. */
  async goesOn(client: RawClient): Promise<void> {
    client.send(requestBytes("/body/list-one"));
    const next = await client.response();
    assert.equal(next.status, 200);
    assert.equal(next.body.toString(), "a body");
    assert.equal(client.received.length, 0, "more than the answer came");
  }

  /** The error page of the server: 500 as plain text that gives nothing away, on a connection that goes on. */
  async fails(target: string, request: CaseRequest = {}): Promise<void> {
    using client = this.begin(target, request);
    const answer = await client.response(request.method);
    assert.equal(`${answer.status} ${answer.reason}`, "500 Internal Server Error");
    assert.match(answer.fields.get("content-type") ?? "", /^text\/plain/);
    assert.doesNotMatch(answer.head, /x-(promised|evil|a|old|new)/i);
    if (request.method !== "HEAD") {
      assert.doesNotMatch(answer.body.toString(), /purpose|Traceback|secret|\.py/);
      assert.ok(answer.body.length > 0);
    }
    assert.ok(answer.isWhole);
    await this.goesOn(client);
  }

  /** An answer whose head and `body` are out already, and which never gets a clean end. */
  async breaks(target: string, body: string, request: CaseRequest = {}): Promise<RawResponse> {
    using client = this.begin(target, request);
    const answer = await client.response(request.method);
    assert.equal(answer.isWhole, false, "the answer looks whole");
    assert.equal(answer.body.toString("latin1"), body);
    assert.ok(client.hasEnded);
    return answer;
  }

  /** A case that is a 200 with this body, by path. */
  itGives(target: string, body: string, what: string): void {
    void it(what, async () => {
      using client = this.begin(target);
      const answer = await client.response();
      assert.equal(answer.status, 200);
      assert.ok(answer.isWhole);
      assert.equal(answer.body.toString("latin1"), body);
      await this.goesOn(client);
    });
  }

  /** A case that is an error page, by path, and what the log says of it. */
  itFails(target: string, log: string | RegExp, what: string, request: CaseRequest = {}): void {
    void it(what, async () => {
      await this.fails(target, request);
      await this.server.logged(log);
    });
  }
}
