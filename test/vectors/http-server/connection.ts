// What follows a message on its connection (RFC 9112 sections 9.3 to 9.6, RFC 9110 sections 7.6.1, 7.8 and 10.1.1): keep-alive, pipelining,
// Connection, Upgrade, Expect.

import {
  accepted,
  get,
  last,
  lastWithMore,
  post,
  refused,
  refusedAfter,
  type Row,
  row,
} from "./row.ts";

const CLOSE = "Connection: close\r\n";

function http10(fields: string = "", target: string = "/"): string {
  return `GET ${target} HTTP/1.0\r\n${fields}\r\n`;
}

export const CONNECTION: readonly Row[] = [
  // Keep-alive.
  accepted("HTTP/1.1 keeps the connection", get(), { path: "/" }),
  last("Connection: close", get(CLOSE), { environ: { HTTP_CONNECTION: "close" } }),
  last("Connection: CLOSE", get("Connection: CLOSE\r\n"), { path: "/" }),
  last("close in a list", get("Connection: foo, close ,bar\r\n"), { path: "/" }),
  last("close without spaces in a list", get("Connection: foo,close\r\n"), { path: "/" }),
  last("close in a second field", get("Connection: foo\r\nConnection: close\r\n"), { path: "/" }),
  last("keep-alive and close", get("Connection: keep-alive, close\r\n"), { path: "/" }),
  last("close and keep-alive", get("Connection: close, keep-alive\r\n"), { path: "/" }),
  accepted("Connection: keep-alive on HTTP/1.1", get("Connection: keep-alive\r\n"), { path: "/" }),
  accepted("Connection: empty", get("Connection:\r\n"), { path: "/" }),
  accepted("Connection: an unknown option", get("Connection: foo\r\n"), { path: "/" }),
  accepted("Connection: an option that begins like close", get("Connection: closed\r\n"), {
    path: "/",
  }),
  accepted("Connection: empty elements", get("Connection: , ,\r\n"), { path: "/" }),
  accepted("Connection: names a field, which stays", get("Connection: X\r\nX: y\r\n"), {
    environ: { HTTP_X: "y" },
  }),
  accepted(
    "Connection: names Content-Length and Host, which stay",
    post("Connection: Content-Length, Host\r\nContent-Length: 2\r\n", "ab"),
    { body: "ab", environ: { HTTP_HOST: "a", CONTENT_LENGTH: "2" } },
  ),
  accepted(
    "Connection: names Transfer-Encoding, which stays",
    post("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n"),
    { body: "ab" },
  ),
  accepted("Keep-Alive says nothing", get("Keep-Alive: timeout=5\r\n"), { path: "/" }),
  accepted("Proxy-Connection: close says nothing", get("Proxy-Connection: close\r\n"), {
    path: "/",
  }),
  last("HTTP/1.0 ends the connection", http10(), { path: "/" }),
  accepted("HTTP/1.0 with keep-alive", http10("Connection: keep-alive\r\n"), { path: "/" }),
  accepted("HTTP/1.0 with Keep-Alive in capitals", http10("Connection: Keep-Alive\r\n"), {
    path: "/",
  }),
  accepted("HTTP/1.0 with keep-alive in a list", http10("Connection: foo, keep-alive\r\n"), {
    path: "/",
  }),
  last("HTTP/1.0 with keep-alive and close", http10("Connection: keep-alive, close\r\n"), {
    path: "/",
  }),
  last("HTTP/1.0 with close", http10(CLOSE), { path: "/" }),
  last("HTTP/1.0 with Keep-Alive alone", http10("Keep-Alive: timeout=5\r\n"), { path: "/" }),

  // Pipelining.
  accepted("two requests at once", get("", "/1") + get("", "/2"), { path: "/1" }, { path: "/2" }),
  accepted(
    "twenty requests at once",
    Array.from({ length: 20 }, (_, i) => get("", `/${i}`)).join(""),
    ...Array.from({ length: 20 }, (_, i) => ({ path: `/${i}` })),
  ),
  accepted(
    "requests with and without body",
    `${post("Content-Length: 2\r\n", "ab")}${get("", "/2")}${post("Transfer-Encoding: chunked\r\n", "1\r\nc\r\n0\r\n\r\n")}${get("", "/4")}`,
    { body: "ab" },
    { path: "/2", body: "" },
    { body: "c" },
    { path: "/4", body: "" },
  ),
  accepted(
    "an empty line between two",
    `${get("", "/1")}\r\n${get("", "/2")}`,
    { path: "/1" },
    { path: "/2" },
  ),
  accepted(
    "fields do not leak into the next request",
    `${get("X: y\r\nCookie: a=b\r\nContent-Type: t/u\r\n")}${get("", "/2")}`,
    { environ: { HTTP_X: "y" } },
    { path: "/2", absent: ["HTTP_X", "HTTP_COOKIE"] },
  ),
  accepted(
    "HTTP/1.0 with keep-alive, then HTTP/1.1",
    http10("Connection: keep-alive\r\n", "/1") + get("", "/2"),
    { path: "/1" },
    { path: "/2", environ: { SERVER_PROTOCOL: "HTTP/1.1" } },
  ),
  lastWithMore("nothing behind close is served", get(CLOSE, "/1") + get("", "/2"), { path: "/1" }),
  lastWithMore("nothing behind HTTP/1.0 is served", http10("", "/1") + get("", "/2"), {
    path: "/1",
  }),
  lastWithMore("junk behind close is not looked at", `${get(CLOSE)}\0\0\0`, { path: "/" }),
  refusedAfter([{ path: "/" }], "junk behind a good request", `${get()}junk\r\n\r\n`),
  refusedAfter([{ path: "/" }], "NUL behind a good request", `${get()}\0`),
  refusedAfter(
    [{ path: "/1" }, { path: "/2" }],
    "junk behind two good requests",
    `${get("", "/1")}${get("", "/2")}\x16\x03\x01`,
  ),
  refusedAfter([{ body: "ab" }], "junk behind a body", post("Content-Length: 2\r\n", "ab{}\r\n")),
  refusedAfter(
    [{ path: "/" }],
    "a bad request behind a good one",
    `${get()}GET / HTTP/1.1\r\n\r\n`,
  ),
  refusedAfter(
    [{ path: "/" }],
    "a request of HTTP/2 behind a good one",
    `${get()}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    505,
  ),
  refusedAfter(
    [{ path: "/1" }],
    "nothing behind a refusal is served",
    `${get("", "/1")}BAD\r\n\r\n${get("", "/2")}`,
  ),
  refusedAfter(
    [{ path: "/" }],
    "a bad chunked body behind a good request",
    `${get()}${post("Transfer-Encoding: chunked\r\n", "xyz\r\n")}`,
  ),
  refused("a refusal first: nothing else is served", `BAD\r\n\r\n${get()}`),
  row("two requests, then FIN", get("", "/1") + get("", "/2"), {
    statuses: [200, 200],
    saw: [{ path: "/1" }, { path: "/2" }],
    isEnded: true,
  }),
  row("a request, then FIN", get("", "/1"), {
    statuses: [200],
    saw: [{ path: "/1" }],
    isEnded: true,
  }),
  row("a request with body, then FIN", post("Content-Length: 2\r\n", "ab"), {
    statuses: [200],
    saw: [{ body: "ab" }],
    isEnded: true,
  }),
  row(
    "a chunked request, then FIN",
    post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n"),
    { statuses: [200], saw: [{ body: "ab" }], isEnded: true },
  ),
  row("junk behind a request, then FIN", `${get()}junk\r\n\r\n`, {
    statuses: [200, 400],
    saw: [{ path: "/" }],
    isEnded: true,
  }),
  row(
    "HEAD, then another HEAD",
    "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    { statuses: [200, 200], isHead: true, isOpen: true },
  ),
  row(
    "HEAD with a body, then another HEAD",
    "HEAD /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    { statuses: [200, 200], isHead: true, isOpen: true },
  ),
  row("a HEAD that is refused has no body", "HEAD / HTTP/1.1\r\n\r\n", {
    statuses: [400],
    isHead: true,
  }),

  // Upgrade.
  accepted(
    "Upgrade: websocket is not taken",
    get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"),
    { environ: { HTTP_UPGRADE: "websocket", HTTP_CONNECTION: "Upgrade" } },
  ),
  accepted(
    "Upgrade: h2c is not taken",
    get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
    { environ: { HTTP_UPGRADE: "h2c" } },
  ),
  accepted(
    "Upgrade: a request behind it",
    `${get("Connection: upgrade\r\nUpgrade: x\r\n")}${get("", "/2")}`,
    { path: "/" },
    { path: "/2" },
  ),
  accepted(
    "Upgrade: a body behind it",
    post("Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n", "y"),
    { body: "y" },
  ),
  last("Upgrade and close", get("Connection: upgrade, close\r\nUpgrade: x\r\n"), { path: "/" }),

  // Expect.
  accepted(
    "100-continue with the body at once",
    post("Expect: 100-continue\r\nContent-Length: 2\r\n", "ab"),
    { body: "ab", environ: { HTTP_EXPECT: "100-continue" } },
  ),
  accepted("100-continue without a body", get("Expect: 100-continue\r\n"), { body: "" }),
  accepted("100-continue with length 0", post("Expect: 100-continue\r\nContent-Length: 0\r\n"), {
    body: "",
  }),
  accepted(
    "100-Continue in another case",
    post("Expect: 100-CONTINUE\r\nContent-Length: 2\r\n", "ab"),
    { body: "ab" },
  ),
  last(
    "100-continue on HTTP/1.0 is not for it",
    "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    { body: "ab" },
  ),
  accepted("Expect: empty", post("Expect:\r\nContent-Length: 2\r\n", "ab"), { body: "ab" }),
  accepted(
    "100-continue twice",
    post("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 2\r\n", "ab"),
    { body: "ab" },
  ),
  refused("another expectation on HTTP/1.0", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n", 417),
  refused("100-continue in quotes", get('Expect: "100-continue"\r\n'), 417),
  refused("another expectation", get("Expect: 200-ok\r\n"), 417),
  refused("100-continue and another", get("Expect: 100-continue, x\r\n"), 417),
  refused("100-continue with a parameter", get("Expect: 100-continue; x=y\r\n"), 417),
  refused(
    "100-continue, and a body too large",
    post("Expect: 100-continue\r\nContent-Length: 20001\r\n"),
    413,
  ),
  refused("100-continue, and a bad length", post("Expect: 100-continue\r\nContent-Length: x\r\n")),
];
