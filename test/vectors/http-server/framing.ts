// How long a body is (RFC 9112 section 6): Content-Length, Transfer-Encoding, and every way to make two readers disagree.

import {
  accepted,
  chunked,
  get,
  last,
  post,
  refused,
  refusedAfter,
  type Row,
  truncated,
} from "./row.ts";

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

function withLength(value: string, body: string = "hello"): string {
  return post(`Content-Length: ${value}\r\n`, body);
}

function withCoding(value: string, body: string = "0\r\n\r\n"): string {
  return post(`Transfer-Encoding: ${value}\r\n`, body);
}

export const FRAMING: readonly Row[] = [
  // Content-Length.
  accepted("a body by length", withLength("5"), {
    body: "hello",
    isTerminated: false,
    environ: { CONTENT_LENGTH: "5" },
  }),
  accepted("length 0", withLength("0", ""), { body: "", environ: { CONTENT_LENGTH: "0" } }),
  accepted("leading zeros", withLength("0005"), {
    body: "hello",
    environ: { CONTENT_LENGTH: "5" },
  }),
  accepted("white space around the length", post("Content-Length: \t5 \r\n", "hello"), {
    body: "hello",
  }),
  accepted("no length: no body", post(""), { body: "", absent: ["HTTP_CONTENT_LENGTH"] }),
  accepted("GET with a body", `${get("Content-Length: 3\r\n")}abc`, { method: "GET", body: "abc" }),
  accepted("a body that looks like a request", withLength(`${SMUGGLED.length}`, SMUGGLED), {
    body: SMUGGLED,
  }),
  accepted("all bytes in a body", withLength("256", String.fromCharCode(...Array(256).keys())), {
    body: String.fromCharCode(...Array(256).keys()),
  }),
  accepted(
    "a body, then another request",
    `${withLength("5")}${get("", "/2")}`,
    { body: "hello" },
    { path: "/2", body: "" },
  ),
  accepted(
    "CRLF behind a body",
    `${withLength("5")}\r\n${get("", "/2")}`,
    { body: "hello" },
    { path: "/2" },
  ),
  last("length on HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", {
    body: "hello",
  }),
  refusedAfter(
    [{ body: "hell" }],
    "a length too short: the rest is junk",
    withLength("4", "hello\r\n\r\n"),
  ),
  ...(
    [
      ["", "empty"],
      ["+5", "a plus sign"],
      ["-5", "a minus sign"],
      ["-0", "minus zero"],
      ["5.0", "a fraction"],
      ["5e0", "an exponent"],
      ["0x5", "hexadecimal"],
      ["0b101", "binary"],
      ["0o5", "octal"],
      ["1_0", "an underscore"],
      ["5 5", "a space within"],
      ["5\t5", "a tab within"],
      ["5\x0b", "a vertical tab"],
      ["5\x0c", "a form feed"],
      ["\xa05", "a no-break space"],
      ["5\x85", "NEL"],
      ["5,5", "a list of equal ones"],
      ["5, 5", "a list of equal ones with a space"],
      ["5, 6", "a list of different ones"],
      ["5,", "a comma"],
      [",5", "a comma in front"],
      ["5;", "a semicolon"],
      ["five", "a word"],
      ["5a", "a letter behind"],
      ["a5", "a letter in front"],
      ['"5"', "quotes"],
      ["\xb2", "a superscript digit"],
      ["\xd9\xa5", "an Arabic digit"],
      ["NaN", "not a number"],
      ["Infinity", "infinity"],
      ["5\0", "NUL"],
    ] as const
  ).map(([value, name]) => refused(`Content-Length: ${name}`, withLength(value))),
  ...[
    "18446744073709551616",
    "18446744073709551621",
    "9223372036854775808",
    "4294967301",
    "9".repeat(400),
    `${"0".repeat(30)}99999999`,
  ].map((value) =>
    refused(
      `Content-Length: ${value.slice(0, 30)} (${value.length} digits)`,
      withLength(value),
      413,
    ),
  ),
  refused("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")),
  refused("two lengths, the first 0", post("Content-Length: 0\r\nContent-Length: 5\r\n", "hello")),
  refused(
    "two lengths in different case",
    post("content-length: 5\r\nCONTENT-LENGTH: 1\r\n", "hello"),
  ),
  refused("two lengths, one bad", post("Content-Length: 5\r\nContent-Length: x\r\n", "hello")),
  refused("two lengths, one empty", post("Content-Length: 5\r\nContent-Length:\r\n", "hello")),

  // Both at once.
  refused("CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")),
  refused(
    "TE.CL",
    post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", `5c\r\n${SMUGGLED}\r\n0\r\n\r\n`),
  ),
  refused(
    "length 0 and chunked",
    post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  refused(
    "length and an unknown coding",
    post("Content-Length: 5\r\nTransfer-Encoding: x\r\n", "hello"),
  ),
  refused(
    "length and identity",
    post("Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "hello"),
  ),
  refused(
    "length and an empty coding",
    post("Content-Length: 5\r\nTransfer-Encoding:\r\n", "hello"),
  ),
  refused(
    "a bad length and chunked",
    post("Content-Length: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  refused(
    "both on HTTP/1.0",
    "POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ),

  // Transfer-Encoding.
  accepted("chunked", chunked("5\r\nhello\r\n0\r\n\r\n"), {
    body: "hello",
    isTerminated: true,
    environ: { CONTENT_LENGTH: "5" },
    absent: ["HTTP_TRANSFER_ENCODING"],
  }),
  accepted("chunked in capitals", withCoding("CHUNKED"), { body: "" }),
  accepted("chunked in mixed case", withCoding("ChUnKeD"), { body: "" }),
  accepted("white space around chunked", withCoding("\t chunked \t"), { body: "" }),
  accepted("the name in capitals", post("TRANSFER-ENCODING: chunked\r\n", "0\r\n\r\n"), {
    body: "",
  }),
  accepted("GET with chunks", `${get("Transfer-Encoding: chunked\r\n")}1\r\nx\r\n0\r\n\r\n`, {
    method: "GET",
    body: "x",
  }),
  refused("chunked on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  refused(
    "chunked on HTTP/1.0 with keep-alive",
    "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ),
  ...(
    [
      ["", "empty", 400],
      ["identity", "identity", 501],
      ["gzip", "gzip", 501],
      ["gzip, chunked", "gzip, chunked", 501],
      ["chunked, gzip", "chunked, gzip", 400],
      ["chunked, identity", "chunked, identity", 400],
      ["identity, chunked", "identity, chunked", 501],
      ["chunked, chunked", "chunked twice", 400],
      ["chunked,", "a comma behind", 400],
      [",chunked", "a comma in front", 400],
      [", chunked", "an empty element in front", 400],
      ["chunked;q=1", "a parameter", 400],
      ["chunked ;x", "a parameter behind a space", 400],
      ["chunked;", "a semicolon", 400],
      ["xchunked", "a letter in front", 501],
      ["chunkedx", "a letter behind", 501],
      ["chunke", "a letter missing", 501],
      ["x chunked", "a word in front", 400],
      ["chunked x", "a word behind", 400],
      ['"chunked"', "quotes", 400],
      ["'chunked'", "single quotes", 501],
      ["\x0bchunked", "a vertical tab in front", 400],
      ["chunked\x0b", "a vertical tab behind", 400],
      ["chunked\x0c", "a form feed", 400],
      ["\x00chunked", "NUL", 400],
      ["\xa0chunked", "a no-break space", 400],
      ["chunked\x85", "NEL", 400],
      ["chunk\xe9d", "not ASCII", 400],
      ["chunked\rx", "a bare CR", 400],
      ["[chunked]", "brackets", 400],
      ["chun-ked", "a hyphen", 501],
      ["chunked, cow", "chunked, then a cow", 400],
      ["cow, chunked", "a cow, then chunked", 501],
    ] as const
  ).map(([value, name, status]) =>
    refused(`Transfer-Encoding: ${name}`, withCoding(value), status),
  ),
  refused(
    "two codings, both chunked",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  refused(
    "two codings, identity last",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
  ),
  refused(
    "two codings, identity first",
    post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    501,
  ),
  refused(
    "two codings, one empty",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", "0\r\n\r\n"),
  ),
  refused("a name that ends in NUL", post("Transfer-Encoding\0: chunked\r\n", "0\r\n\r\n")),
  refused(
    "a name that begins with a space",
    post("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  refusedAfter(
    [{ environ: { HTTP_TRANSFER_ENCODINGX: "chunked" } }],
    "a name with one letter more is another field",
    post("Transfer-Encodingx: chunked\r\n", "0\r\n\r\n"),
  ),
  accepted(
    "X-Transfer-Encoding is another field",
    post("X-Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "x"),
    { body: "x" },
  ),

  // Truncated.
  truncated("nothing at all", ""),
  truncated("half a request line", "GET / HT"),
  truncated("a request line", "GET / HTTP/1.1\r\n"),
  truncated("half a head", "GET / HTTP/1.1\r\nHost: a\r\n"),
  truncated("a head without its last LF", "GET / HTTP/1.1\r\nHost: a\r\n\r"),
  truncated("a body that is missing", withLength("5", "")),
  truncated("half a body", withLength("5", "hel")),
  truncated("a chunk size", chunked("5")),
  truncated("half a chunk", chunked("5\r\nhel")),
  truncated("a chunk without CRLF", chunked("5\r\nhello")),
  truncated("no last chunk", chunked("5\r\nhello\r\n")),
  truncated("a last chunk without the last CRLF", chunked("5\r\nhello\r\n0\r\n")),
  truncated("a trailer without an end", chunked("0\r\nX: y\r\n")),
  truncated("a good request, then half a body", `${get()}${withLength("5", "hel")}`, { path: "/" }),
  truncated("a good request, then half a head", `${get()}GET /2 HTTP/1.1\r\nHo`, { path: "/" }),
];
