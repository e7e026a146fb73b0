// Field lines (RFC 9112 section 5, RFC 9110 section 5) and Host (RFC 9110 section 7.2): syntax, and what becomes of them in environ.

import { accepted, get, last, post, refused, type Row } from "./row.ts";

function withHost(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

export const FIELDS: readonly Row[] = [
  // Names.
  accepted("name with every token character", get("!#$%&'*+-.^`|~09azAZ: x\r\n"), {
    environ: { "HTTP_!#$%&'*+_.^`|~09AZAZ": "x" },
  }),
  accepted("name in any case", get("x-FOO: y\r\n"), { environ: { HTTP_X_FOO: "y" } }),
  accepted("name of one character", get("x: y\r\n"), { environ: { HTTP_X: "y" } }),
  accepted("name of 300 characters", get(`${"n".repeat(300)}: y\r\n`), {
    environ: { [`HTTP_${"N".repeat(300)}`]: "y" },
  }),
  accepted("name with an underscore is dropped", get("X_Under: spoof\r\nX-Keep: y\r\n"), {
    environ: { HTTP_X_KEEP: "y" },
    absent: ["HTTP_X_UNDER"],
  }),
  accepted("an underscore cannot replace a field", get("X-User: real\r\nX_User: spoof\r\n"), {
    environ: { HTTP_X_USER: "real" },
  }),
  accepted(
    "an underscore cannot replace a field behind it",
    get("X_User: spoof\r\nX-User: r\r\n"),
    {
      environ: { HTTP_X_USER: "r" },
    },
  ),
  accepted("Content_Length frames nothing", get("Content_Length: 5\r\n"), {
    body: "",
    absent: ["CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"],
  }),
  accepted("Content_Type is not Content-Type", get("Content_Type: a/b\r\n"), {
    absent: ["CONTENT_TYPE", "HTTP_CONTENT_TYPE"],
  }),
  accepted("Transfer_Encoding frames nothing", get("Transfer_Encoding: chunked\r\n"), {
    body: "",
    absent: ["HTTP_TRANSFER_ENCODING"],
  }),
  accepted("Proxy is dropped (httpoxy)", get("Proxy: http://evil/\r\n"), {
    absent: ["HTTP_PROXY"],
  }),
  accepted("proxy is dropped in any case", get("pROXY: http://evil/\r\n"), {
    absent: ["HTTP_PROXY"],
  }),
  accepted("Proxy-Authorization stays", get("Proxy-Authorization: x\r\n"), {
    environ: { HTTP_PROXY_AUTHORIZATION: "x" },
  }),
  refused("empty name", get(": x\r\n")),
  refused("line without colon", get("nonsense\r\n")),
  refused("space before the colon", get("X : y\r\n")),
  refused("tab before the colon", get("X\t: y\r\n")),
  refused("space within the name", get("X Y: z\r\n")),
  refused("space before the colon of Content-Length", post("Content-Length : 1\r\n", "x")),
  refused(
    "space before the colon of Transfer-Encoding",
    post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
  ),
  refused("space before the colon of Host", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
  ...['"', "(", ")", ",", "/", ";", "<", "=", ">", "?", "@", "[", "\\", "]", "{", "}"].map((sign) =>
    refused(`name with ${sign}`, get(`X${sign}Y: z\r\n`)),
  ),
  ...["\0", "\x01", "\x0b", "\x0c", "\x1f", "\x7f", "\x80", "\x85", "\xa0", "\xff"].map((sign) =>
    refused(`name with byte ${sign.charCodeAt(0)}`, get(`X${sign}: z\r\n`)),
  ),

  // Values.
  accepted("empty value", get("X:\r\n"), { environ: { HTTP_X: "" } }),
  accepted("value of white space only", get("X: \t \r\n"), { environ: { HTTP_X: "" } }),
  accepted("no white space before the value", get("X:y\r\n"), { environ: { HTTP_X: "y" } }),
  accepted("white space around the value is no part of it", get("X: \t y \t\r\n"), {
    environ: { HTTP_X: "y" },
  }),
  accepted("white space within the value stays", get("X: a \t b\r\n"), {
    environ: { HTTP_X: "a \t b" },
  }),
  accepted("colons in the value", get("X: a:b:c\r\n"), { environ: { HTTP_X: "a:b:c" } }),
  accepted("all visible characters", get("X: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\r\n"), {
    environ: { HTTP_X: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" },
  }),
  accepted("UTF-8 as latin-1", get("X: \xc3\xa9\r\n"), { environ: { HTTP_X: "\xc3\xa9" } }),
  accepted("bytes 0x80 to 0xff as latin-1", get("X: \x80\x85\xa0\xfe\xff\r\n"), {
    environ: { HTTP_X: "\x80\x85\xa0\xfe\xff" },
  }),
  accepted("NEL and no-break space are no white space", get("X: \x85y\xa0\r\n"), {
    environ: { HTTP_X: "\x85y\xa0" },
  }),
  accepted("a long value not ASCII", get(`X: ${"\xe9".repeat(5000)}\r\n`), {
    environ: { HTTP_X: "\xe9".repeat(5000) },
  }),
  ...["\0", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f"].map((sign) =>
    refused(`value with byte ${sign.charCodeAt(0)}`, get(`X: a${sign}b\r\n`)),
  ),
  refused("bare CR in a value", get("X: a\rb\r\n")),
  refused("bare CR at the end of a value", get("X: a\r\r\n")),
  refused("bare LF ends a field line", get("X: a\n")),
  refused("bare LF hides a field", get("X: a\nContent-Length: 5\r\n")),
  refused("bare CR hides a field", get("X: a\rContent-Length: 5\r\n")),
  refused("LF CR", get("X: a\n\r")),
  refused("the empty line is LF alone", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
  refused("the empty line is CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"),
  refused("folding by a space", get("X: a\r\n b\r\n")),
  refused("folding by a tab", get("X: a\r\n\tb\r\n")),
  refused("white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
  refused("a line of a space before the fields", "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
  refused("a folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")),
  refused("a folded Content-Length", post("Content-Length:\r\n 1\r\n", "x")),

  // What becomes of them.
  accepted("repeated fields are joined", get("X: a\r\nY: 1\r\nx: b\r\nX:c\r\n"), {
    environ: { HTTP_X: "a, b, c", HTTP_Y: "1" },
  }),
  accepted("repeated fields, one empty", get("X: a\r\nX:\r\nX: b\r\n"), {
    environ: { HTTP_X: "a, , b" },
  }),
  accepted("repeated fields not ASCII", get("X: \xe9\r\nX: b\r\n"), {
    environ: { HTTP_X: "\xe9, b" },
  }),
  accepted("cookies are joined with a semicolon", get("Cookie: a=1\r\nCookie: b=2; c=3\r\n"), {
    environ: { HTTP_COOKIE: "a=1; b=2; c=3" },
  }),
  accepted("two X-Forwarded-For", get("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n"), {
    environ: { HTTP_X_FORWARDED_FOR: "1.1.1.1, 2.2.2.2", REMOTE_ADDR: "127.0.0.1" },
  }),
  accepted("Content-Type", post("Content-Type: text/plain; charset=x\r\nContent-Length: 0\r\n"), {
    environ: { CONTENT_TYPE: "text/plain; charset=x", CONTENT_LENGTH: "0" },
    absent: ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"],
  }),
  accepted("two Content-Types", post("Content-Type: a/b\r\nContent-Type: c/d\r\n"), {
    environ: { CONTENT_TYPE: "a/b, c/d" },
  }),
  accepted("no Content-Type, no Content-Length", get(), {
    absent: ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"],
  }),
  accepted("names cannot reach CGI variables", get("Remote-Addr: 6.6.6.6\r\nScript-Name: /s\r\n"), {
    environ: { REMOTE_ADDR: "127.0.0.1", SCRIPT_NAME: "", HTTP_REMOTE_ADDR: "6.6.6.6" },
  }),
  accepted("Authorization reaches the application", get("Authorization: Basic eA==\r\n"), {
    environ: { HTTP_AUTHORIZATION: "Basic eA==" },
  }),

  // Host.
  ...(
    [
      ["a.example", "a name"],
      ["a.example:8080", "a name with port"],
      ["a.example:", "an empty port"],
      ["A.Example", "a name in capitals stays as it is"],
      ["127.0.0.1", "IPv4"],
      ["127.0.0.1:1", "IPv4 with port"],
      ["[::1]", "IPv6"],
      ["[::1]:65535", "IPv6 with the highest port"],
      ["[2001:db8::7:1.2.3.4]", "IPv6 with IPv4 at its end"],
      ["[v1.a:b]", "IPvFuture"],
      ["a_b", "underscore"],
      ["a-b.c~d", "unreserved"],
      ["a%41", "an escape"],
      ["xn--e1afmkfd.example", "punycode"],
      ["a.", "a dot at the end"],
      ["!$&'()*+,;=", "sub-delims"],
      ["[::]", "IPv6, nothing but a gap"],
      ["[1::]", "IPv6 with a gap at its end"],
      ["[1:2:3:4:5:6:7::]", "IPv6 with a gap for one group"],
      ["[::ffff:192.0.2.1]:80", "IPv4 as IPv6"],
      ["[1:2:3:4:5:6:192.0.2.1]", "six groups and IPv4"],
      ["a:00080", "a port with leading zeros"],
      ["a:0", "port 0"],
      ["a..b", "two dots"],
    ] as const
  ).map(([host, name]) =>
    accepted(`Host: ${name}`, withHost(host), { environ: { HTTP_HOST: host } }),
  ),
  accepted("Host: white space around", "GET / HTTP/1.1\r\nHost:\t a \r\n\r\n", {
    environ: { HTTP_HOST: "a" },
  }),
  accepted("Host: name in capitals", "GET / HTTP/1.1\r\nHOST: a\r\n\r\n", {
    environ: { HTTP_HOST: "a" },
  }),
  accepted("Host behind other fields", "GET / HTTP/1.1\r\nX: y\r\nHost: a\r\n\r\n", {
    environ: { HTTP_HOST: "a", HTTP_X: "y" },
  }),
  last("Host on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", { environ: { HTTP_HOST: "a" } }),
  refused("Host missing", "GET / HTTP/1.1\r\n\r\n"),
  refused("Host missing, other fields there", "GET / HTTP/1.1\r\nX: y\r\n\r\n"),
  refused("Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
  refused("Host twice, the same", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
  refused("Host twice, apart", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: b\r\n\r\n"),
  refused("Host twice on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
  refused("a bad Host on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
  ...(
    [
      ["", "empty"],
      ["a b", "a space"],
      ["a,b c", "a list"],
      ["a/b", "a slash"],
      ["a/", "a slash at the end"],
      ["http://a", "a URI"],
      ["u@a", "user information"],
      ["u:p@a", "user information with password"],
      ["a:80:80", "two ports"],
      ["a:x", "a port of letters"],
      ["a:-1", "a negative port"],
      ["a:+1", "a signed port"],
      ["a:65536", "a port too high"],
      ["a:99999999999999999999", "a port far too high"],
      [":80", "a port alone"],
      ["a: 80", "a space before the port"],
      ["::1", "IPv6 without brackets"],
      ["[::1", "an open bracket"],
      ["::1]", "a closing bracket"],
      ["[::1]x", "text behind the bracket"],
      ["[]", "empty brackets"],
      ["[a]", "a name in brackets"],
      ["[1.2.3.4]", "IPv4 in brackets"],
      ["[::1%25eth0]", "a zone"],
      ["[1:2:3:4:5:6:7:8:9]", "nine groups"],
      ["[1::2::3]", "two gaps"],
      ["[12345::]", "a group too long"],
      ["[1:2:3:4:5:6:7:8::]", "eight groups and a gap"],
      ["[:::1]", "three colons"],
      ["[:1]", "a colon in front"],
      ["[1:]", "a colon at the end"],
      ["[::1.2.3]", "three octets"],
      ["[::01.2.3.4]", "an octet with a leading zero"],
      ["[::256.2.3.4]", "an octet too large"],
      ["[1.2.3.4::]", "IPv4 in front"],
      ["[v.a]", "IPvFuture without a version"],
      ["a?b", "a question mark"],
      ["a#b", "a number sign"],
      ["a\\b", "a backslash"],
      ["a%4", "half an escape"],
      ["a%zz", "an escape that is none"],
      ['"a"', "quotes"],
      ["<a>", "angle brackets"],
      ["a\tb", "a tab"],
      ["\xc3\xa9", "not ASCII"],
      ["a\x7f", "DEL"],
      ["a^b", "a caret"],
      ["a|b", "a bar"],
      ["{a}", "braces"],
    ] as const
  ).map(([host, name]) => refused(`Host: ${name}`, withHost(host))),
];
