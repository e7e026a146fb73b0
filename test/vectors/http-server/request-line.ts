// Request line and request target (RFC 9112 sections 2.2, 2.3 and 3): what is taken, and as what.

import { accepted, get, last, refused, type Row, row } from "./row.ts";

const HOST = "Host: a\r\n\r\n";

/** Latin-1 text of UTF-8 bytes, as PEP 3333 wants it. */
const E_ACUTE = "\xc3\xa9";

export const REQUEST_LINE: readonly Row[] = [
  // Methods.
  ...["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"].map((method) =>
    accepted(`method ${method}`, `${method} /m HTTP/1.1\r\n${HOST}`, { method, path: "/m" }),
  ),
  accepted("method unknown", `BREW / HTTP/1.1\r\n${HOST}`, { method: "BREW" }),
  accepted("method in lower case is another method", `get / HTTP/1.1\r\n${HOST}`, {
    method: "get",
  }),
  accepted("method with every token character", `!#$%&'*+-.^_\`|~09azAZ / HTTP/1.1\r\n${HOST}`, {
    method: "!#$%&'*+-.^_`|~09azAZ",
  }),
  accepted("method of one character", `X / HTTP/1.1\r\n${HOST}`, { method: "X" }),
  accepted("method of 100 characters", `${"M".repeat(100)} / HTTP/1.1\r\n${HOST}`, {
    method: "M".repeat(100),
  }),
  accepted("M-SEARCH", `M-SEARCH / HTTP/1.1\r\n${HOST}`, { method: "M-SEARCH" }),
  accepted("PROPFIND with a body", `PROPFIND / HTTP/1.1\r\nContent-Length: 1\r\n${HOST}x`, {
    method: "PROPFIND",
    body: "x",
  }),
  refused("CONNECT", `CONNECT a:80 HTTP/1.1\r\n${HOST}`, 405),
  refused("CONNECT without port", `CONNECT a HTTP/1.1\r\n${HOST}`),
  refused("CONNECT of a path", `CONNECT / HTTP/1.1\r\n${HOST}`),
  ...['"', "(", ")", ",", "/", ":", ";", "<", "=", ">", "?", "@", "[", "\\", "]", "{", "}"].map(
    (sign) => refused(`method with ${sign}`, `G${sign}T / HTTP/1.1\r\n${HOST}`),
  ),
  refused("method with a control", `G\x01T / HTTP/1.1\r\n${HOST}`),
  refused("method with NUL", `G\0T / HTTP/1.1\r\n${HOST}`),
  refused("method with DEL", `G\x7fT / HTTP/1.1\r\n${HOST}`),
  refused("method not ASCII", `G\xc9T / HTTP/1.1\r\n${HOST}`),
  refused("method empty", ` / HTTP/1.1\r\n${HOST}`),
  refused("method behind a tab", `\tGET / HTTP/1.1\r\n${HOST}`),
  refused("method behind a space", ` GET / HTTP/1.1\r\n${HOST}`),

  // Separators and line ends.
  refused("two spaces before the target", `GET  / HTTP/1.1\r\n${HOST}`),
  refused("two spaces before the version", `GET /  HTTP/1.1\r\n${HOST}`),
  refused("space behind the version", `GET / HTTP/1.1 \r\n${HOST}`),
  refused("tab for the first space", `GET\t/ HTTP/1.1\r\n${HOST}`),
  refused("tab for the second space", `GET /\tHTTP/1.1\r\n${HOST}`),
  refused("vertical tab for a space", `GET\x0b/ HTTP/1.1\r\n${HOST}`),
  refused("form feed for a space", `GET /\x0cHTTP/1.1\r\n${HOST}`),
  refused("bare LF ends the request line", `GET / HTTP/1.1\n${HOST}`),
  refused("bare CR in the request line", `GET /\rHTTP/1.1\r\n${HOST}`),
  refused("bare CR behind the version", `GET / HTTP/1.1\r${HOST}`),
  refused("CR CR LF", `GET / HTTP/1.1\r\r\n${HOST}`),
  refused("LF only, in all lines", "GET / HTTP/1.1\nHost: a\n\n"),
  refused("LF before the request line", `\nGET / HTTP/1.1\r\n${HOST}`),
  refused("CR alone before the request line", `\rGET / HTTP/1.1\r\n${HOST}`),
  accepted("an empty line before the request line", `\r\n${get()}`, { path: "/" }),
  accepted("two empty lines before the request line", `\r\n\r\n${get()}`, { path: "/" }),
  refused("a hundred empty lines", "\r\n".repeat(100)),
  refused("no target", `GET HTTP/1.1\r\n${HOST}`),
  refused("no version: HTTP/0.9", "GET /\r\n\r\n"),
  refused("no version, with a space", "GET / \r\n\r\n"),
  refused("a method alone", "GET\r\n\r\n"),
  refused("four words", `GET / x HTTP/1.1\r\n${HOST}`),
  refused("space within the target", `GET /a b HTTP/1.1\r\n${HOST}`),

  // Versions.
  last("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", {
    environ: { SERVER_PROTOCOL: "HTTP/1.0" },
    absent: ["HTTP_HOST"],
  }),
  accepted("HTTP/1.1", get(), { environ: { SERVER_PROTOCOL: "HTTP/1.1" } }),
  accepted("HTTP/1.2 is understood as 1.1", `GET / HTTP/1.2\r\n${HOST}`, { path: "/" }),
  accepted("HTTP/1.9 is understood as 1.1", `GET / HTTP/1.9\r\n${HOST}`, {
    environ: { SERVER_PROTOCOL: "HTTP/1.9" },
  }),
  refused("HTTP/1.2 without Host", "GET / HTTP/1.2\r\n\r\n"),
  refused("HTTP/2.0", `GET / HTTP/2.0\r\n${HOST}`, 505),
  refused("HTTP/0.9 by name", `GET / HTTP/0.9\r\n${HOST}`, 505),
  refused("HTTP/3.0", `GET / HTTP/3.0\r\n${HOST}`, 505),
  refused("HTTP/2", `GET / HTTP/2\r\n${HOST}`),
  refused("HTTP/1", `GET / HTTP/1\r\n${HOST}`),
  refused("HTTP/1.", `GET / HTTP/1.\r\n${HOST}`),
  refused("HTTP/1.10", `GET / HTTP/1.10\r\n${HOST}`),
  refused("HTTP/01.1", `GET / HTTP/01.1\r\n${HOST}`),
  refused("HTTP/1.01", `GET / HTTP/1.01\r\n${HOST}`),
  refused("HTTP/1,1", `GET / HTTP/1,1\r\n${HOST}`),
  refused("HTTP/-1.1", `GET / HTTP/-1.1\r\n${HOST}`),
  refused("HTTP/+1.1", `GET / HTTP/+1.1\r\n${HOST}`),
  refused("HTTP 1.1", `GET / HTTP 1.1\r\n${HOST}`),
  refused("http/1.1 in lower case", `GET / http/1.1\r\n${HOST}`),
  refused("HTTPS/1.1", `GET / HTTPS/1.1\r\n${HOST}`),
  refused("XHTTP/1.1", `GET / XHTTP/1.1\r\n${HOST}`),
  refused("ICY", `GET / ICY/1.1\r\n${HOST}`),
  refused("HTTP/A.1", `GET / HTTP/A.1\r\n${HOST}`),
  refused("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  refused("a TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 random"),
  refused("an SSH banner", "SSH-2.0-OpenSSH_9.6\r\n"),
  refused("a PROXY line", `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${get()}`),
  refused("SMTP", "EHLO example.com\r\n"),
  refused("Redis", "*1\r\n$4\r\nPING\r\n"),

  // Forms of the target.
  accepted("absolute-form", `GET http://b/x?y HTTP/1.1\r\n${HOST}`, {
    path: "/x",
    query: "y",
    environ: { HTTP_HOST: "b", REQUEST_URI: "http://b/x?y", RAW_URI: "http://b/x?y" },
  }),
  accepted("absolute-form without path", `GET http://b HTTP/1.1\r\n${HOST}`, {
    path: "/",
    query: "",
    environ: { HTTP_HOST: "b" },
  }),
  accepted("absolute-form with query and without path", `GET http://b?q HTTP/1.1\r\n${HOST}`, {
    path: "/",
    query: "q",
  }),
  accepted("absolute-form with port", `GET http://b:81/ HTTP/1.1\r\n${HOST}`, {
    environ: { HTTP_HOST: "b:81" },
  }),
  accepted("absolute-form with an IPv6 address", `GET http://[::1]:81/ HTTP/1.1\r\n${HOST}`, {
    environ: { HTTP_HOST: "[::1]:81" },
  }),
  accepted("absolute-form, scheme in capitals", `GET HTTP://b/ HTTP/1.1\r\n${HOST}`, { path: "/" }),
  accepted("absolute-form with https", `GET https://b/s HTTP/1.1\r\n${HOST}`, { path: "/s" }),
  last("absolute-form on HTTP/1.0", "GET http://b/x HTTP/1.0\r\n\r\n", {
    path: "/x",
    environ: { HTTP_HOST: "b" },
  }),
  accepted("absolute-form with an empty port", `GET http://b:/ HTTP/1.1\r\n${HOST}`, {
    environ: { HTTP_HOST: "b:" },
  }),
  refused("absolute-form with a fragment", `GET http://b/#c HTTP/1.1\r\n${HOST}`),
  refused("absolute-form with an empty Host", "GET http://b/ HTTP/1.1\r\nHost:\r\n\r\n"),
  refused("CONNECT in absolute-form", `CONNECT http://b:80/ HTTP/1.1\r\n${HOST}`),
  refused("CONNECT with an IPv6 address", `CONNECT [::1]:443 HTTP/1.1\r\n${HOST}`, 405),
  accepted("OPTIONS in absolute-form without path", `OPTIONS http://b HTTP/1.1\r\n${HOST}`, {
    path: "/",
    environ: { HTTP_HOST: "b" },
  }),
  accepted("absolute-form in the query", get("", "/?u=http://b/"), { query: "u=http://b/" }),
  refused("absolute-form without Host", "GET http://b/ HTTP/1.1\r\n\r\n"),
  refused("absolute-form with user information", `GET http://u:p@b/ HTTP/1.1\r\n${HOST}`),
  refused("absolute-form without authority", `GET http:///x HTTP/1.1\r\n${HOST}`),
  refused("absolute-form with a bad port", `GET http://b:x/ HTTP/1.1\r\n${HOST}`),
  refused("absolute-form of another scheme", `GET ftp://b/ HTTP/1.1\r\n${HOST}`),
  refused("a scheme without slashes", `GET http:b HTTP/1.1\r\n${HOST}`),
  refused("authority-form for GET", `GET b:80 HTTP/1.1\r\n${HOST}`),
  refused("a path without slash", `GET x HTTP/1.1\r\n${HOST}`),
  refused("a query alone", `GET ?x HTTP/1.1\r\n${HOST}`),
  accepted("OPTIONS *", `OPTIONS * HTTP/1.1\r\n${HOST}`, {
    method: "OPTIONS",
    path: "*",
    environ: { REQUEST_URI: "*" },
  }),
  refused("GET *", `GET * HTTP/1.1\r\n${HOST}`),
  refused("OPTIONS **", `OPTIONS ** HTTP/1.1\r\n${HOST}`),
  refused("OPTIONS *?x", `OPTIONS *?x HTTP/1.1\r\n${HOST}`),
  refused("a fragment", `GET /a#b HTTP/1.1\r\n${HOST}`),
  refused("NUL in the target", `GET /\0 HTTP/1.1\r\n${HOST}`),
  refused("a control in the target", `GET /\x1f HTTP/1.1\r\n${HOST}`),
  refused("DEL in the target", `GET /\x7f HTTP/1.1\r\n${HOST}`),
  refused("raw UTF-8 in the target", `GET /${E_ACUTE} HTTP/1.1\r\n${HOST}`),
  refused("a no-break space in the target", `GET /\xa0 HTTP/1.1\r\n${HOST}`),
  refused("NEL in the target", `GET /\x85 HTTP/1.1\r\n${HOST}`),
  refused("raw non-ASCII in the query", `GET /?\xff HTTP/1.1\r\n${HOST}`),

  // Path and query.
  ...(
    [
      ["/a%20b", "/a b", "percent-encoded space"],
      ["/a%2Fb", "/a/b", "percent-encoded slash"],
      ["/a%2fb", "/a/b", "percent-encoded slash in lower case"],
      ["/%00", "/\0", "percent-encoded NUL"],
      ["/%0d%0a", "/\r\n", "percent-encoded CRLF"],
      ["/%C3%A9", `/${E_ACUTE}`, "percent-encoded UTF-8"],
      ["/%ff", "/\xff", "a percent-encoded byte that is no UTF-8"],
      ["/%25", "/%", "percent-encoded percent"],
      ["/%2541", "/%41", "decoded once only"],
      ["/%3F", "/?", "percent-encoded question mark"],
      ["/%23", "/#", "percent-encoded number sign"],
      ["/%zz", "/%zz", "an escape that is none"],
      ["/%", "/%", "a percent sign at the end"],
      ["/%4", "/%4", "half an escape at the end"],
      ["/%%41", "/%A", "a percent sign before an escape"],
      ["/%u0041", "/%u0041", "an escape of another kind"],
      ["/a+b", "/a+b", "plus stays plus"],
      ["/a/../b", "/a/../b", "dot segments stay"],
      ["/./b", "/./b", "a single dot stays"],
      ["/%2e%2e/b", "/../b", "encoded dots are decoded and stay"],
      ["//", "//", "two slashes"],
      ["//b/c", "//b/c", "a path that looks like an authority"],
      ["/a//b", "/a//b", "an empty segment"],
      ["/a;p=1", "/a;p=1", "path parameters"],
      ["/a:b@c", "/a:b@c", "colon and at sign"],
      ["/..;/a", "/..;/a", "dots with a parameter"],
      ["/%c0%af", "/\xc0\xaf", "an overlong slash"],
      ["/!$&'()*,=-._~", "/!$&'()*,=-._~", "sub-delims and unreserved"],
      ['/"<>\\^`{|}', '/"<>\\^`{|}', "signs that browsers send raw"],
      ["/[]", "/[]", "brackets"],
    ] as const
  ).map(([target, path, name]) =>
    accepted(`path: ${name}`, get("", target), {
      path,
      query: "",
      environ: { REQUEST_URI: target, RAW_URI: target, SCRIPT_NAME: "" },
    }),
  ),
  ...(
    [
      ["/?", "", "empty"],
      ["/?a=b&c=d", "a=b&c=d", "pairs"],
      ["/?a%20b", "a%20b", "escapes stay"],
      ["/?%00", "%00", "an escaped NUL stays"],
      ["/??", "?", "a question mark"],
      ["/?a?b=/c", "a?b=/c", "question mark and slash"],
      ["/?a;b", "a;b", "semicolon"],
      ["/?+", "+", "plus"],
      ["/?=", "=", "equals"],
      ["/?%zz%", "%zz%", "an escape that is none"],
      ["/?[]{}|^`", "[]{}|^`", "signs that browsers send raw"],
    ] as const
  ).map(([target, query, name]) =>
    accepted(`query: ${name}`, get("", target), {
      path: "/",
      query,
      environ: { REQUEST_URI: target },
    }),
  ),
  row("HEAD has no body", "HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n", {
    statuses: [200],
    isHead: true,
    isOpen: true,
  }),
];
