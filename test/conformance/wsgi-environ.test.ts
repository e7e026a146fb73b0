// What an application finds in its environ (PEP 3333, "environ Variables"; RFC 3875), through the whole server.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { ServerUnderTest, startServer } from "../support/server.ts";
import { type CaseRequest, Cases, requestBytes } from "../support/wsgi-cases.ts";

interface Seen {
  readonly values: Record<string, string | boolean>;
  readonly types: Record<string, string>;
  readonly dict: boolean;
  readonly native: boolean;
  readonly version: boolean;
  readonly errors_is_stderr: boolean;
  readonly callable: string[];
  readonly process: Record<string, string | null>;
}

const SHOW = "/environ/show";
const ALWAYS = [
  "HTTP_X_REQUEST_ID",
  "HTTP_X_REQUEST_START",
  "PATH_INFO",
  "QUERY_STRING",
  "RAW_URI",
  "REMOTE_ADDR",
  "REMOTE_PORT",
  "REQUEST_METHOD",
  "REQUEST_URI",
  "SCRIPT_NAME",
  "SERVER_NAME",
  "SERVER_PORT",
  "SERVER_PROTOCOL",
  "SERVER_SOFTWARE",
  "rickhouse.client_disconnected",
  "wsgi.errors",
  "wsgi.file_wrapper",
  "wsgi.input",
  "wsgi.multiprocess",
  "wsgi.multithread",
  "wsgi.run_once",
  "wsgi.url_scheme",
  "wsgi.version",
];

describe("environ", () => {
  const directory = ServerUnderTest.makeDirectory();
  const socketPath = join(directory, "public.sock");
  let server: ServerUnderTest;
  before(async () => {
    server = await startServer("wsgi_cases:app", {
      directory,
      args: ["--workers", "1", "--bind", "127.0.0.1:0", "--bind", `unix:${socketPath}`],
      // What a server that copies os.environ would show.
      env: {
        HTTP_LEAK: "1",
        QUERY_STRING: "leak=1",
        CONTENT_TYPE: "leak/leak",
        SCRIPT_NAME: "/leak",
      },
    });
  });
  after(async () => {
    await server.stop();
  });

  async function seen(target: string = SHOW, request: CaseRequest = {}): Promise<Seen> {
    const answer = await rawRequest(server.port, requestBytes(target, request));
    assert.equal(answer.status, 200);
    return JSON.parse(answer.body.toString());
  }

  async function value(key: string, target: string = SHOW, request: CaseRequest = {}) {
    return (await seen(target, request)).values[key];
  }

  describe("types", () => {
    it("is a dict, not a subclass of it", async () => {
      assert.equal((await seen()).dict, true);
    });
    it("has keys and texts of type str, in latin-1", async () => {
      const all = await seen(`${SHOW}%C3%A9?%E9=\x7e`, { fields: ["X-Text: \xe9\xff"] });
      assert.equal(all.native, true);
    });
    it("has wsgi.version as the tuple (1, 0)", async () => {
      assert.equal((await seen()).version, true);
    });
    it("has SERVER_PORT, REMOTE_PORT and CONTENT_LENGTH as str", async () => {
      const { types } = await seen(SHOW, { method: "POST", body: "abc" });
      for (const key of ["SERVER_PORT", "REMOTE_PORT", "CONTENT_LENGTH"]) {
        assert.equal(types[key], "str", key);
      }
    });
    it("has the flags as bool", async () => {
      const { types } = await seen();
      for (const key of ["wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"]) {
        assert.equal(types[key], "bool", key);
      }
    });
    it("has wsgi.file_wrapper and rickhouse.client_disconnected to be called", async () => {
      const { callable } = await seen();
      assert.deepEqual(callable.toSorted(), ["rickhouse.client_disconnected", "wsgi.file_wrapper"]);
    });
    it("has sys.stderr as wsgi.errors", async () => {
      assert.equal((await seen()).errors_is_stderr, true);
    });
  });

  describe("keys", () => {
    it("are exactly these for the smallest request", async () => {
      const answer = await rawRequest(server.port, `GET ${SHOW} HTTP/1.0\r\n\r\n`);
      const { types }: Seen = JSON.parse(answer.body.toString());
      assert.deepEqual(Object.keys(types).toSorted(), ALWAYS);
    });
    it("have one more for each field", async () => {
      const { types } = await seen(SHOW, { fields: ["Accept: a", "X-B: b", "User-Agent: c"] });
      const more = Object.keys(types).filter((key) => !ALWAYS.includes(key));
      assert.deepEqual(more.toSorted(), [
        "HTTP_ACCEPT",
        "HTTP_HOST",
        "HTTP_USER_AGENT",
        "HTTP_X_B",
      ]);
    });
    it("take nothing from os.environ, which is whole itself", async () => {
      const { values, process } = await seen();
      assert.equal(values["HTTP_LEAK"], undefined);
      assert.equal(values["QUERY_STRING"], "");
      assert.equal(values["CONTENT_TYPE"], undefined);
      assert.equal(values["SCRIPT_NAME"], "");
      assert.deepEqual(process, { QUERY_STRING: "leak=1", HTTP_LEAK: "1" });
    });
    it("are of a new dict for each request", async () => {
      using client = new RawClient(server.port);
      client.send(requestBytes("/environ/spoil"));
      assert.equal((await client.response()).body.toString(), "spoilt");
      client.send(requestBytes(SHOW));
      const next: Seen = JSON.parse((await client.response()).body.toString());
      assert.deepEqual(Object.keys(next.types).toSorted(), [...ALWAYS, "HTTP_HOST"].toSorted());
      assert.equal(next.version, true);
      assert.equal(next.values["wsgi.url_scheme"], "http");
    });
    it("may all be removed by the application", async () => {
      const answer = await rawRequest(server.port, requestBytes("/environ/empty"));
      assert.equal(answer.body.toString(), "emptied");
    });
    for (const name of ["empty-and-raise", "replace-and-raise"]) {
      it(`may be spoilt before an error: ${name}`, async () => {
        const answer = await rawRequest(server.port, requestBytes(`/environ/${name}`));
        assert.equal(answer.status, 500);
        await server.logged(/RuntimeError: on purpose, with an? (empty|strange) environ/);
        assert.equal(await value("REQUEST_METHOD"), "GET");
      });
    }
  });

  describe("REQUEST_METHOD", () => {
    for (const method of [
      "GET",
      "POST",
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "PROPFIND",
      "M-SEARCH",
      "get",
      "X",
    ]) {
      it(`is ${method}, as sent`, async () => {
        assert.equal(await value("REQUEST_METHOD", SHOW, { method }), method);
      });
    }
  });

  describe("PATH_INFO", () => {
    const PATHS: readonly [sent: string, got: string, what: string][] = [
      ["/", "/", "the root"],
      ["/a/b", "/a/b", "plain"],
      ["/a/", "/a/", "a slash at the end"],
      ["//a//b", "//a//b", "empty segments"],
      ["/a/../b/./c", "/a/../b/./c", "dot segments, untouched"],
      ["/a%20b", "/a b", "an escaped space"],
      ["/a+b", "/a+b", "a plus, which is no space in a path"],
      ["/%C3%A9", "/\xc3\xa9", "UTF-8, each byte a character"],
      ["/%e9", "/\xe9", "a latin-1 byte, lower-case escape"],
      ["/%FF%00%01", "/\xff\x00\x01", "bytes that are no text"],
      ["/a%2Fb", "/a/b", "an escaped slash"],
      ["/a%3Fb", "/a?b", "an escaped question mark"],
      ["/a%23b", "/a#b", "an escaped number sign"],
      ["/%2525", "/%25", "an escaped percent sign, once"],
      ["/%41%5a%7e", "/AZ~", "escapes that were not needed"],
      ["/a;v=1/b", "/a;v=1/b", "parameters"],
      ["/a:b@c!$&'()*,=", "/a:b@c!$&'()*,=", "all that needs no escape"],
      [`/${"%41".repeat(900)}`, `/${"A".repeat(900)}`, "a long one"],
    ];
    for (const [sent, got, what] of PATHS) {
      it(what, async () => {
        const { values } = await seen(sent);
        assert.equal(values["PATH_INFO"], got);
        assert.equal(values["SCRIPT_NAME"], "");
        assert.equal(values["REQUEST_URI"], sent);
        assert.equal(values["RAW_URI"], sent);
      });
    }
    it("is the path of an absolute-form target, whose authority wins over Host", async () => {
      const { values } = await seen("http://other.example:81/a%20b?c=d");
      assert.equal(values["PATH_INFO"], "/a b");
      assert.equal(values["QUERY_STRING"], "c=d");
      assert.equal(values["HTTP_HOST"], "other.example:81");
      assert.equal(values["wsgi.url_scheme"], "http");
    });
    it("is * for OPTIONS *", async () => {
      assert.equal(await value("PATH_INFO", "*", { method: "OPTIONS" }), "*");
    });
  });

  describe("QUERY_STRING", () => {
    const QUERIES: readonly [sent: string, got: string, what: string][] = [
      ["", "", "is there and empty without a query"],
      ["?", "", "is empty for an empty query"],
      ["?a=b&c=d", "a=b&c=d", "is the query"],
      ["?a=%20%C3%A9+%2B", "a=%20%C3%A9+%2B", "is not decoded"],
      ["?a=b?c/d", "a=b?c/d", "has what stands behind the first question mark"],
      ["?&&=", "&&=", "is not judged"],
      ["?%41", "%41", "keeps needless escapes"],
    ];
    for (const [sent, got, what] of QUERIES) {
      it(what, async () => {
        const { values } = await seen(SHOW + sent);
        assert.equal(values["QUERY_STRING"], got);
        assert.equal(values["PATH_INFO"], SHOW);
      });
    }
  });

  describe("the server and the client", () => {
    it("SERVER_NAME and SERVER_PORT are where the request came in, not what Host says", async () => {
      const { values } = await seen();
      assert.equal(values["SERVER_NAME"], "127.0.0.1");
      assert.equal(values["SERVER_PORT"], String(server.port));
      assert.equal(values["HTTP_HOST"], "test.example");
    });
    it("REMOTE_ADDR and REMOTE_PORT are the client's, whatever it says", async () => {
      using client = new RawClient(server.port);
      client.send(requestBytes(SHOW, { fields: ["X-Forwarded-For: 10.0.0.1", "Remote-Addr: 1"] }));
      const { values }: Seen = JSON.parse((await client.response()).body.toString());
      assert.equal(values["REMOTE_ADDR"], "127.0.0.1");
      assert.equal(values["REMOTE_PORT"], String(client.socket.localPort));
      assert.equal(values["HTTP_X_FORWARDED_FOR"], "10.0.0.1");
    });
    it("SERVER_NAME and SERVER_PORT are never empty on a Unix socket", async () => {
      const answer = await rawRequest(socketPath, requestBytes(SHOW));
      const { values, types }: Seen = JSON.parse(answer.body.toString());
      for (const key of ["SERVER_NAME", "SERVER_PORT"]) {
        assert.equal(types[key], "str");
        assert.notEqual(values[key], "", key);
      }
      assert.match(String(values["SERVER_PORT"]), /^\d+$/);
      assert.equal(types["REMOTE_ADDR"], "str");
      assert.equal(values["REMOTE_PORT"], undefined);
    });
    it("SERVER_SOFTWARE names it", async () => {
      assert.match(String(await value("SERVER_SOFTWARE")), /^Rickhouse\/\d/);
    });
    for (const version of ["1.0", "1.1"]) {
      it(`SERVER_PROTOCOL is HTTP/${version}, as sent`, async () => {
        assert.equal(await value("SERVER_PROTOCOL", SHOW, { version }), `HTTP/${version}`);
      });
    }
    it("wsgi.url_scheme is http, whatever the client says", async () => {
      const fields = ["X-Forwarded-Proto: https", "X-Forwarded-Ssl: on"];
      assert.equal(await value("wsgi.url_scheme", SHOW, { fields }), "http");
      assert.equal(await value("HTTPS"), undefined);
    });
  });

  describe("content", () => {
    it("has no CONTENT_TYPE and no CONTENT_LENGTH when none was sent", async () => {
      const { types } = await seen();
      assert.equal(types["CONTENT_TYPE"], undefined);
      assert.equal(types["CONTENT_LENGTH"], undefined);
    });
    it("has them when they were sent, and not as HTTP_ keys", async () => {
      const { values, types } = await seen(SHOW, {
        method: "POST",
        fields: ["Content-Type: text/Plain; charset=X"],
        body: "abc",
      });
      assert.equal(values["CONTENT_TYPE"], "text/Plain; charset=X");
      assert.equal(values["CONTENT_LENGTH"], "3");
      assert.equal(types["HTTP_CONTENT_TYPE"], undefined);
      assert.equal(types["HTTP_CONTENT_LENGTH"], undefined);
    });
    it("has CONTENT_LENGTH 0 when that was sent", async () => {
      const fields = ["Content-Length: 0"];
      assert.equal(await value("CONTENT_LENGTH", SHOW, { method: "POST", fields }), "0");
    });
    it("has an empty CONTENT_TYPE when that was sent", async () => {
      assert.equal(await value("CONTENT_TYPE", SHOW, { fields: ["Content-Type:"] }), "");
    });
    it("has a length that int() takes when zeros stand in front", async () => {
      const fields = ["Content-Length: 0003"];
      const got = await value("CONTENT_LENGTH", SHOW, { method: "POST", fields, body: "abc" });
      assert.equal(Number(got), 3);
    });
    it("has the length of a chunked body, and says that its end is known", async () => {
      const { values } = await seen(SHOW, {
        method: "POST",
        fields: ["Transfer-Encoding: chunked"],
        body: "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n",
      });
      assert.equal(values["CONTENT_LENGTH"], "5");
      assert.equal(values["wsgi.input_terminated"], true);
      assert.equal(values["HTTP_TRANSFER_ENCODING"], undefined);
      assert.equal(values["HTTP_X_TRAILER"], undefined);
    });
    it("says nothing of the kind otherwise: wsgiref.validate would refuse it", async () => {
      const { types } = await seen(SHOW, { method: "POST", body: "abc" });
      assert.equal(types["wsgi.input_terminated"], undefined);
    });
  });

  describe("fields", () => {
    const FIELDS: readonly [lines: string[], key: string, got: string | undefined, what: string][] =
      [
        [["X-A: 1", "X-A: 2"], "HTTP_X_A", "1, 2", "repeated: joined in order"],
        [["X-A: 1", "X-B: 0", "x-a: 2"], "HTTP_X_A", "1, 2", "repeated in another case"],
        [["Cookie: a=1", "Cookie: b=2"], "HTTP_COOKIE", "a=1; b=2", "cookies: joined with ;"],
        [["Accept: a;q=1", "Accept:", "Accept: b"], "HTTP_ACCEPT", "a;q=1, , b", "an empty one"],
        [["X-A:"], "HTTP_X_A", "", "empty"],
        [["X-A: \t a  b \t"], "HTTP_X_A", "a  b", "without the space around it"],
        [["X-A: \xe9\xff"], "HTTP_X_A", "\xe9\xff", "latin-1"],
        [["X-A: \xc3\xa9", "X-A: z"], "HTTP_X_A", "\xc3\xa9, z", "latin-1, joined"],
        [[`X-A: ${"v".repeat(8000)}`], "HTTP_X_A", "v".repeat(8000), "long"],
        [["x.!#$%&'*+^`|~9: 1"], "HTTP_X.!#$%&'*+^`|~9", "1", "every character of a name"],
        [["X_A: 1"], "HTTP_X_A", undefined, "a name with _: dropped"],
        [["X_A: 1", "X-A: 2"], "HTTP_X_A", "2", "a name with _ beside the real one"],
        [["Content_Length: 9"], "CONTENT_LENGTH", undefined, "Content_Length: dropped"],
        [["Proxy: evil"], "HTTP_PROXY", undefined, "Proxy: dropped (httpoxy)"],
        [["Authorization: Basic eA=="], "HTTP_AUTHORIZATION", "Basic eA==", "Authorization"],
        [["Connection: keep-alive"], "HTTP_CONNECTION", "keep-alive", "Connection"],
        [['If-None-Match: "a", W/"b"'], "HTTP_IF_NONE_MATCH", '"a", W/"b"', "a list"],
      ];
    for (const [fields, key, got, what] of FIELDS) {
      it(what, async () => {
        assert.equal(await value(key, SHOW, { fields }), got);
      });
    }
    it("are as many as the limit allows", async () => {
      const fields = Array.from({ length: 90 }, (_, index) => `X-Field-${index}: ${index}`);
      const { values } = await seen(SHOW, { fields });
      for (let index = 0; index < 90; index++) {
        assert.equal(values[`HTTP_X_FIELD_${index}`], String(index));
      }
    });
  });
});

describe("wsgi.multithread, wsgi.multiprocess and wsgi.run_once", () => {
  for (const [workers, threads, isThreads, isProcesses] of [
    ["1", "1", false, false],
    ["2", "1", false, true],
    ["1", "4", true, false],
    ["2", "4", true, true],
    ["1:2", "1", false, true],
  ] as const) {
    describe(`--workers ${workers} --threads ${threads}`, () => {
      const cases = new Cases("wsgi_cases:app", ["--workers", workers, "--threads", threads]);
      it("are true to it", async () => {
        const { values }: Seen = JSON.parse(await cases.text(SHOW));
        assert.equal(values["wsgi.multithread"], isThreads);
        assert.equal(values["wsgi.multiprocess"], isProcesses);
        assert.equal(values["wsgi.run_once"], false);
      });
    });
  }
});
