// One raw exchange with a server that runs test/apps/echo.py, and short ways to write it down. Knows no socket.

/** What the application saw of one request; what is left out is not looked at. */
export interface Seen {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  /** Latin-1. */
  readonly body?: string;
  readonly environ?: Readonly<Record<string, string>>;
  /** `wsgi.input_terminated`: only a chunked body tells it, since CONTENT_LENGTH bounds every other. */
  readonly isTerminated?: boolean;
  /** Variables that must not be there. */
  readonly absent?: readonly string[];
}

export interface Row {
  readonly name: string;
  /** Latin-1. */
  readonly send: string;
  /** FIN behind it. */
  readonly isEnded: boolean;
  /** The statuses of all answers in their order, interim ones too. */
  readonly statuses: readonly number[];
  /** What the application saw, one for each 200. */
  readonly saw: readonly Seen[];
  /** The connection takes another request afterwards, or the server ends it. */
  readonly isOpen: boolean;
  /** The answers have no body. */
  readonly isHead: boolean;
  /** The client sends on behind the request that it has said is its last (RFC 9112 section 9.6). */
  readonly sendsOn: boolean;
}

/** Every request is answered with 200, and another may follow. */
export function accepted(name: string, send: string, ...saw: readonly Seen[]): Row {
  return row(name, send, { saw, statuses: saw.map(() => 200), isOpen: true });
}

/** Every request is answered with 200, and the server ends the connection. */
export function last(name: string, send: string, ...saw: readonly Seen[]): Row {
  return row(name, send, { saw, statuses: saw.map(() => 200) });
}

/** The same, and behind the last request comes something that nobody looks at. */
export function lastWithMore(name: string, send: string, ...saw: readonly Seen[]): Row {
  return { ...last(name, send, ...saw), sendsOn: true };
}

/** The application sees nothing of it, and the connection ends. */
export function refused(name: string, send: string, status: number = 400): Row {
  return row(name, send, { statuses: [status] });
}

/** The last request is refused and the connection ends; what came before is answered. */
export function refusedAfter(
  saw: readonly Seen[],
  name: string,
  send: string,
  status: number = 400,
): Row {
  return row(name, send, { saw, statuses: [...saw.map(() => 200), status] });
}

/** The client ends in the middle of a request: the server ends too, without a word, and the application sees nothing of it. */
export function truncated(name: string, send: string, ...saw: readonly Seen[]): Row {
  return row(name, send, { saw, statuses: saw.map(() => 200), isEnded: true });
}

/** Anything else. */
export function row(name: string, send: string, rest: Partial<Row>): Row {
  const flags = { isEnded: false, isOpen: false, isHead: false, sendsOn: false };
  return { ...flags, statuses: [], saw: [], ...rest, name, send };
}

/** GET with a Host and further field lines, each with its CRLF. */
export function get(fields: string = "", target: string = "/"): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

/** POST with a Host, further field lines, and what follows the head. */
export function post(fields: string, body: string = ""): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
}

/** POST of a chunked body as it stands on the wire. */
export function chunked(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}
