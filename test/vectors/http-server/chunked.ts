// The chunked transfer coding (RFC 9112 section 7.1): sizes, extensions, line ends, trailers.

import { accepted, chunked, get, refused, refusedAfter, type Row } from "./row.ts";

const END = "0\r\n\r\n";

export const CHUNKED: readonly Row[] = [
  accepted("no chunk but the last", chunked(END), {
    body: "",
    isTerminated: true,
    environ: { CONTENT_LENGTH: "0" },
  }),
  accepted("two chunks", chunked(`3\r\nabc\r\n2\r\nde\r\n${END}`), {
    body: "abcde",
    environ: { CONTENT_LENGTH: "5" },
  }),
  accepted("chunks of one byte", chunked(`${"1\r\nx\r\n".repeat(50)}${END}`), {
    body: "x".repeat(50),
  }),
  accepted("sizes in hexadecimal", chunked(`a\r\n0123456789\r\nB\r\n0123456789a\r\n${END}`), {
    body: "01234567890123456789a",
  }),
  accepted("a size with leading zeros", chunked(`0005\r\nhello\r\n${END}`), { body: "hello" }),
  accepted("a last chunk of several zeros", chunked("5\r\nhello\r\n0000\r\n\r\n"), {
    body: "hello",
  }),
  accepted("CRLF within data", chunked(`4\r\n\r\n\r\n\r\n${END}`), { body: "\r\n\r\n" }),
  accepted("data that looks like the end", chunked(`5\r\n0\r\n\r\n\r\n${END}`), {
    body: "0\r\n\r\n",
  }),
  accepted("all bytes in data", chunked(`1\r\n\0\r\n1\r\n\xff\r\n1\r\n\n\r\n${END}`), {
    body: "\0\xff\n",
  }),
  accepted(
    "a request behind it",
    `${chunked(`1\r\nx\r\n${END}`)}${get("", "/2")}`,
    { body: "x" },
    {
      path: "/2",
      body: "",
    },
  ),
  accepted(
    "two chunked requests",
    chunked(`1\r\nx\r\n${END}`) + chunked(`2\r\nyz\r\n${END}`),
    { body: "x" },
    { body: "yz" },
  ),
  refusedAfter([{ body: "x" }], "junk behind it", chunked(`1\r\nx\r\n${END}xyz\r\n\r\n`)),

  // Extensions.
  accepted("extension: a name", chunked(`5;x\r\nhello\r\n${END}`), { body: "hello" }),
  accepted("extension: a value", chunked(`5;x=y\r\nhello\r\n${END}`), { body: "hello" }),
  accepted("extension: a quoted value", chunked(`5;x="y;z"\r\nhello\r\n${END}`), { body: "hello" }),
  accepted("extension: several", chunked(`5;x;y=1;z="2"\r\nhello\r\n${END}`), { body: "hello" }),
  accepted("extension: at the last chunk", chunked("5\r\nhello\r\n0;x=y\r\n\r\n"), {
    body: "hello",
  }),
  accepted("extension: behind white space", chunked(`5 ; x = y\r\nhello\r\n${END}`), {
    body: "hello",
  }),
  accepted("extension: 200 bytes", chunked(`5;${"x".repeat(200)}\r\nhello\r\n${END}`), {
    body: "hello",
  }),
  refused("extension: 300 bytes", chunked(`5;${"x".repeat(300)}\r\nhello\r\n${END}`), 413),
  refused(
    "extensions: 20 KiB in all",
    chunked(`${`1;${"x".repeat(200)}\r\ny\r\n`.repeat(100)}${END}`),
    413,
  ),
  refused("extension: empty", chunked(`5;\r\nhello\r\n${END}`)),
  ...(
    [
      ["5;x=", "no value"],
      ["5;x=y;", "a semicolon at the end"],
      ["5;x;;y", "two semicolons"],
      ["5;x y", "two words"],
      ["5;x=y z", "two values"],
      ["5;x=y=z", "two equals signs"],
      ["5;x=[y]", "brackets in the value"],
      ["5;[x]", "brackets in the name"],
      ['5;"x"', "a quoted name"],
      ['5;x="y', "a quote that stays open"],
      ['5;x="y\\', "a backslash at the end"],
      ['5;x="y"z', "text behind the quotes"],
      ["5;x=\xe9", "a value not ASCII"],
      ["5;x ", "white space at the end"],
    ] as const
  ).map(([size, name]) => refused(`extension: ${name}`, chunked(`${size}\r\nhello\r\n${END}`))),
  accepted("extension: escapes in quotes", chunked(`5;x="\\"y\\\\"\r\nhello\r\n${END}`), {
    body: "hello",
  }),
  accepted("extension: an empty quoted value", chunked(`5;x=""\r\nhello\r\n${END}`), {
    body: "hello",
  }),
  refused("extension: no name", chunked(`5;=y\r\nhello\r\n${END}`)),
  refused("extension: a control", chunked(`5;x\x01\r\nhello\r\n${END}`)),
  refused("extension: NUL", chunked(`5;x\0\r\nhello\r\n${END}`)),
  refused("extension: a bare LF", chunked(`5;x\nhello\r\n${END}`)),
  refused("extension: a bare CR", chunked(`5;x\rhello\r\n${END}`)),
  refused("extension: hides a chunk behind LF", chunked("2;\nxx\r\n4c\r\n0\r\n\r\n")),

  // Sizes.
  ...(
    [
      ["", "empty"],
      ["g", "a letter that is no digit"],
      ["5g", "a letter behind"],
      ["0x5", "0x in front"],
      ["+5", "a plus sign"],
      ["-5", "a minus sign"],
      ["-0", "minus zero"],
      ["5_0", "an underscore"],
      ["5 5", "a space within"],
      [" 5", "a space in front"],
      ["\t5", "a tab in front"],
      ["5 ", "a space behind"],
      ["5\t", "a tab behind"],
      ["5\x0b", "a vertical tab behind"],
      ["5,5", "a comma"],
      ["5.0", "a fraction"],
      ["5h", "h behind"],
      ["\\x35", "an escape"],
      ["\xb5", "a byte that is no digit"],
      ["5\0", "NUL behind"],
      ["5\x85", "NEL behind"],
      ["five", "a word"],
      ['"5"', "quotes"],
    ] as const
  ).map(([size, name]) => refused(`size: ${name}`, chunked(`${size}\r\nhello\r\n${END}`))),
  refused("size: 2^64", chunked(`10000000000000000\r\nhello\r\n${END}`)),
  refused("size: 2^64 + 5", chunked(`10000000000000005\r\nhello\r\n${END}`)),
  refused("size: 2^64 - 1", chunked(`ffffffffffffffff\r\nhello\r\n${END}`), 413),
  refused("size: 2^63", chunked(`8000000000000000\r\nhello\r\n${END}`), 413),
  refused("size: 2^32 + 5", chunked(`100000005\r\nhello\r\n${END}`), 413),
  refused("size: 100 digits", chunked(`${"f".repeat(100)}\r\nhello\r\n${END}`)),
  accepted(
    "size: 100 zeros",
    chunked(`${"0".repeat(99)}5\r\nhello\r\n${"0".repeat(100)}\r\n\r\n`),
    {
      body: "hello",
    },
  ),
  refused("size: 200 zeros", chunked(`${"0".repeat(200)}\r\n\r\n`)),

  // Line ends.
  refused("LF behind a size", chunked("5\nhello\r\n0\r\n\r\n")),
  refused("CR alone behind a size", chunked("5\rhello\r\n0\r\n\r\n")),
  refused("CR CR LF behind a size", chunked("5\r\r\nhello\r\n0\r\n\r\n")),
  refused("LF behind data", chunked("5\r\nhello\n0\r\n\r\n")),
  refused("CR alone behind data", chunked("5\r\nhello\r0\r\n\r\n")),
  refused("nothing behind data", chunked("5\r\nhello0\r\n\r\n")),
  refused("data longer than its size", chunked("3\r\nhello\r\n0\r\n\r\n")),
  refused("data shorter than its size", chunked("7\r\nhello\r\n0\r\n\r\n")),
  refused("two line ends behind data", chunked("5\r\nhello\r\n\r\n0\r\n\r\n")),
  refused("LF behind the last chunk", chunked("0\n\r\n")),
  refused("LF alone at the end", chunked("0\r\n\n")),
  refused("CR X at the end", chunked("0\r\n\rX")),

  // Trailers.
  accepted("a trailer is dropped", chunked("1\r\nx\r\n0\r\nX-Trailer: y\r\n\r\n"), {
    body: "x",
    absent: ["HTTP_X_TRAILER"],
  }),
  accepted(
    "a trailer that was announced",
    `POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n`,
    {
      body: "",
      environ: { HTTP_TRAILER: "X-Sum" },
      absent: ["HTTP_X_SUM"],
    },
  ),
  accepted("several trailers", chunked("0\r\nA: b\r\nC: d\r\nE:\r\n\r\n"), {
    absent: ["HTTP_A", "HTTP_C", "HTTP_E"],
  }),
  accepted(
    "a trailer cannot replace a field",
    `POST / HTTP/1.1\r\nHost: a\r\nX: real\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: spoof\r\nHost: b\r\n\r\n`,
    {
      environ: { HTTP_X: "real", HTTP_HOST: "a" },
    },
  ),
  accepted(
    "a Content-Length in a trailer frames nothing",
    `${chunked("0\r\nContent-Length: 5\r\n\r\n")}${get("", "/2")}`,
    { body: "", environ: { CONTENT_LENGTH: "0" } },
    { path: "/2" },
  ),
  accepted(
    "a Transfer-Encoding in a trailer frames nothing",
    `${chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")}${get("", "/2")}`,
    { body: "" },
    { path: "/2" },
  ),
  refused("trailer: no colon", chunked("0\r\nnonsense\r\n\r\n")),
  refused("trailer: empty name", chunked("0\r\n: x\r\n\r\n")),
  refused("trailer: space before the colon", chunked("0\r\nX : y\r\n\r\n")),
  refused("trailer: folded", chunked("0\r\nX: y\r\n z\r\n\r\n")),
  refused("trailer: a bare LF", chunked("0\r\nX: y\n\r\n")),
  refused("trailer: a bare CR", chunked("0\r\nX: y\rz\r\n\r\n")),
  refused("trailer: NUL", chunked("0\r\nX: \0\r\n\r\n")),
  refused("trailer: a request in its place", chunked("0\r\nGET /smuggled HTTP/1.1\r\n\r\n")),
  refused("trailer: 101 of them", chunked(`0\r\n${"X: y\r\n".repeat(101)}\r\n`), 431),
  accepted("trailer: 100 of them", chunked(`0\r\n${"X: y\r\n".repeat(100)}\r\n`), { body: "" }),
  refused("trailer: a long line", chunked(`0\r\nX: ${"y".repeat(17_000)}\r\n\r\n`), 431),
];
