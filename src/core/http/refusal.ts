// Every way in which the server says no to a request: one stable code each, with what the client reads and what the operator may do.
// Knows no bytes and no sockets; who refuses, and what else goes into the answer, is decided where the table is used.

interface RefusalText {
  readonly status: number;
  readonly reason: string;
  /** What a client may read: names the mistake, gives nothing of the server away. */
  readonly title: string;
  /** What the operator may do about it: for the log only, never sent. */
  readonly fix?: string;
}

const BAD_REQUEST = { status: 400, reason: "Bad Request" } as const;
const TIMEOUT = { status: 408, reason: "Request Timeout" } as const;
const TOO_LARGE = { status: 413, reason: "Content Too Large" } as const;
const FIELDS_TOO_LARGE = { status: 431, reason: "Request Header Fields Too Large" } as const;
const UNAVAILABLE = { status: 503, reason: "Service Unavailable" } as const;

const TEXTS = {
  // Request line (RFC 9112 section 3).
  tooManyEmptyLines: {
    ...BAD_REQUEST,
    title: "There are too many empty lines before the request.",
  },
  tlsHandshake: {
    ...BAD_REQUEST,
    title: "This port speaks plain HTTP, and the client began a TLS handshake.",
    fix: "Send the client to http://, or put a TLS terminator in front of this port.",
  },
  badMethod: { ...BAD_REQUEST, title: "The method is not a token." },
  badRequestLine: {
    ...BAD_REQUEST,
    title:
      "The request line must be a method, a target and a version, with one space between them.",
  },
  badTarget: { ...BAD_REQUEST, title: "The request target is not valid." },
  badVersion: { ...BAD_REQUEST, title: "The HTTP version is malformed." },
  versionNotSupported: {
    status: 505,
    reason: "HTTP Version Not Supported",
    title: "Only HTTP/1.0 and HTTP/1.1 are spoken here.",
  },
  connectNotAllowed: {
    status: 405,
    reason: "Method Not Allowed",
    title: "This server is not a proxy: CONNECT is not allowed.",
  },
  requestLineTooLong: {
    status: 414,
    reason: "URI Too Long",
    title: "The request line is too long.",
    fix: "Raise --max-request-line if such long targets are wanted.",
  },

  // Line ends and fields (RFC 9112 sections 2.2 and 5).
  bareLineFeed: { ...BAD_REQUEST, title: "A line ends with LF alone; CRLF is required." },
  bareCarriageReturn: { ...BAD_REQUEST, title: "A CR stands without its LF." },
  badFieldName: {
    ...BAD_REQUEST,
    title: "A field name is not a token directly followed by a colon.",
  },
  badFieldValue: { ...BAD_REQUEST, title: "A field value holds a control character." },
  foldedField: { ...BAD_REQUEST, title: "A field line begins with white space (line folding)." },
  fieldTooLong: {
    ...FIELDS_TOO_LARGE,
    title: "A field line is too long.",
    fix: "Raise --max-field if such long fields (cookies, as a rule) are wanted.",
  },
  headTooLarge: {
    ...FIELDS_TOO_LARGE,
    title: "The request head is too large.",
    fix: "Raise --max-head if such large heads (cookies, as a rule) are wanted.",
  },
  tooManyFields: {
    ...FIELDS_TOO_LARGE,
    title: "There are too many fields.",
    fix: "Raise --max-fields if so many fields are wanted.",
  },

  // What single fields mean (RFC 9110 sections 7.2, 8.6 and 10.1.1; RFC 9112 section 6).
  missingHost: { ...BAD_REQUEST, title: "HTTP/1.1 requires a Host field." },
  repeatedHost: { ...BAD_REQUEST, title: "There is more than one Host field." },
  badHost: { ...BAD_REQUEST, title: "The Host field is not a host with an optional port." },
  proxyNotTrusted: {
    ...BAD_REQUEST,
    title: "Only trusted proxies may connect here.",
    fix: "Name this peer in --forwarded-allow-ips if it is a proxy of yours (--proxy-protocol is on).",
  },
  missingProxyHeader: {
    ...BAD_REQUEST,
    title: "The connection does not begin with a PROXY protocol header.",
    fix: "Have the proxy send one (HAProxy: send-proxy-v2), or take --proxy-protocol away.",
  },
  malformedProxyHeader: {
    ...BAD_REQUEST,
    title: "The PROXY protocol header is malformed.",
    fix: "Look at what the proxy sends: version 1, or version 2 for a stream, of at most 4 KiB.",
  },
  badForwarded: {
    ...BAD_REQUEST,
    title: "What a proxy says of the client cannot be understood.",
    fix: "Have the proxy set or remove every field that --forwarded-headers names.",
  },
  badContentLength: { ...BAD_REQUEST, title: "Content-Length is not a number." },
  repeatedContentLength: {
    ...BAD_REQUEST,
    title: "There is more than one Content-Length field.",
  },
  lengthWithTransferEncoding: {
    ...BAD_REQUEST,
    title: "Content-Length and Transfer-Encoding exclude each other.",
  },
  transferEncodingInHttp10: {
    ...BAD_REQUEST,
    title: "HTTP/1.0 has no Transfer-Encoding.",
  },
  badTransferEncoding: {
    ...BAD_REQUEST,
    title: "Transfer-Encoding must be chunked, once, as the last coding.",
  },
  unknownTransferCoding: {
    status: 501,
    reason: "Not Implemented",
    title: "The only transfer coding known here is chunked.",
  },
  unknownExpectation: {
    status: 417,
    reason: "Expectation Failed",
    title: "The only expectation known here is 100-continue.",
  },

  // Never sent, as nobody is there to read it: for logs and figures (nginx's number).
  clientGone: {
    status: 499,
    reason: "Client Closed Request",
    title: "The client left before its request was whole, or before it was answered.",
  },

  // Body (RFC 9112 section 7.1).
  bodyTooLarge: {
    ...TOO_LARGE,
    title: "The request body is too large.",
    fix: "Raise --max-body if such large bodies are wanted.",
  },
  badChunkSize: { ...BAD_REQUEST, title: "A chunk size is not a hexadecimal number." },
  badChunkExtension: { ...BAD_REQUEST, title: "A chunk extension is malformed." },
  chunkExtensionsTooLong: { ...TOO_LARGE, title: "The chunk extensions are too long." },
  badChunkEnd: { ...BAD_REQUEST, title: "A chunk is not followed by CRLF." },
  badTrailer: { ...BAD_REQUEST, title: "The trailer section is malformed." },
  trailersTooLarge: { ...FIELDS_TOO_LARGE, title: "The trailer section is too large." },

  // Time (decided by the connection).
  headTimeout: {
    ...TIMEOUT,
    title: "The request head did not arrive in time.",
    fix: "Raise --head-timeout if clients are that slow.",
  },
  bodyTimeout: {
    ...TIMEOUT,
    title: "The request body stopped arriving.",
    fix: "Raise --body-timeout if clients pause for that long.",
  },
  bodyTooSlow: {
    ...TIMEOUT,
    title: "The request body arrived too slowly.",
    fix: "Lower --body-min-rate if clients are that slow.",
  },

  // Queue, workers, application (decided behind the parser).
  queueFull: {
    ...UNAVAILABLE,
    title: "The server is overloaded: too many requests are waiting.",
  },
  queueTimeout: {
    ...UNAVAILABLE,
    title: "The server is overloaded: no worker became free in time.",
  },
  noWorker: {
    ...UNAVAILABLE,
    title: "The application is starting; no worker is ready yet.",
  },
  draining: { ...UNAVAILABLE, title: "The server is shutting down." },
  workerDied: {
    status: 502,
    reason: "Bad Gateway",
    title: "The application ended while it ran this request.",
  },
  requestTimeout: {
    status: 504,
    reason: "Gateway Timeout",
    title: "The application did not answer in time.",
  },
  applicationError: {
    status: 500,
    reason: "Internal Server Error",
    title: "The application failed.",
  },
  applicationBroken: {
    status: 500,
    reason: "Internal Server Error",
    title: "The application cannot be imported. The next good save mends it.",
  },
  noSpace: {
    status: 507,
    reason: "Insufficient Storage",
    title: "There is no room to store the request body.",
    fix: "Free space in the temporary directory, or raise --temp-disk; where files are too many, raise the limit of descriptors (ulimit -n).",
  },

  // What --health-path says: no request of the application's is refused with these.
  ready: { status: 200, reason: "OK", title: "Ready." },
  notReady: { ...UNAVAILABLE, title: "No worker is ready." },
} as const satisfies Record<string, RefusalText>;

/** Stable names: logs carry them, so a code is never renamed; its texts may change. */
export type RefusalCode = keyof typeof TEXTS;

/** One way of saying no. There is one frozen object per code: refusing allocates nothing, and `===` compares. */
export interface Refusal extends RefusalText {
  readonly code: RefusalCode;
  /** More that the client may read, of several lines: with --debug only. */
  readonly detail?: string;
}

/** The refusal of each code. */
export const REFUSALS: { readonly [code in RefusalCode]: Refusal } = makeRefusals();

function makeRefusals(): Record<RefusalCode, Refusal> {
  const made: Partial<Record<RefusalCode, Refusal>> = {};
  for (const code of Object.keys(TEXTS).filter(isCode)) {
    made[code] = Object.freeze({ code, ...TEXTS[code] });
  }
  if (!isComplete(made)) throw new Error("a refusal code has no text");
  return Object.freeze(made);
}

function isCode(name: string): name is RefusalCode {
  return Object.hasOwn(TEXTS, name);
}

function isComplete(
  made: Partial<Record<RefusalCode, Refusal>>,
): made is Record<RefusalCode, Refusal> {
  return Object.keys(TEXTS).every((code) => Object.hasOwn(made, code));
}
