// What the servers are put through: which application, which load, and what is measured of it.

/** wrk at full speed. */
export interface FullLoad {
  readonly kind: "load";
  readonly connections: number;
  /** Further arguments of wrk. */
  readonly wrk?: readonly string[];
  /**
   * A round of fewer would measure how connections are made: of one second, it is the slowest hundredth. Where memory is the limit, it would
   * measure the machine: there are seconds in which its memory is half as fast.
   */
  readonly leastSeconds?: number;
  /** Beside it, on the same server. */
  readonly beside?: Beside;
}

/** Connections that hold something of the server while others want answers. */
export interface Beside {
  readonly kind: "sleeping" | "idle" | "half-sent";
  readonly connections: number;
}

export type Load =
  | FullLoad
  /** So many requests at once, each of which sleeps 100 ms, after a second without any: seconds until the last answer. */
  | { readonly kind: "burst"; readonly requests: number }
  /** PSS of the whole tree, after some requests. */
  | { readonly kind: "memory" }
  /** Memory of the first process alone, after so many requests, and by how much it grew (RSS) in the second half of them. */
  | { readonly kind: "front-memory"; readonly requests: number }
  /** From the start of the process to its first answer. */
  | { readonly kind: "start" };

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** In bench/apps, with a callable `app`. */
  readonly module: string;
  readonly path: string;
  readonly load: Load;
  /** Two if not given. */
  readonly workers?: number;
  /** Bytes that each answer or each request carries, where bytes a second are what counts. */
  readonly payloadBytes?: number;
  /** How this server scales: the peers are not asked. */
  readonly isOwn?: true;
}

const MIB = 2 ** 20;

function full(connections: number, more: Omit<FullLoad, "kind" | "connections"> = {}): FullLoad {
  return { kind: "load", connections, ...more };
}

function beside(kind: Beside["kind"], connections: number): Pick<FullLoad, "beside"> {
  return { beside: { kind, connections } };
}

function hello(name: string, title: string, load: Load): Workload {
  return { name, title, module: "hello", path: "/", load };
}

function framework(name: string, title: string, module: string, path = "/hello"): Workload {
  return { name, title, module, path, load: full(64, { leastSeconds: 2 }) };
}

function flask(name: string, title: string, path?: string): Workload {
  return framework(name, title, "flask_hello", path);
}

function own(workload: Workload): Workload {
  return { ...workload, isOwn: true };
}

const CLOSE = { wrk: ["-H", "Connection: close"] };

/** `hello` and `flask` first: they are what is looked at every day. */
export const WORKLOADS: readonly Workload[] = [
  hello("hello", "Hello, 64 connections", full(64)),
  flask("flask", "Flask"),
  flask("flask-json", "Flask, JSON", "/json"),
  flask("flask-template", "Flask, a template", "/template"),
  framework("django", "Django", "django_hello"),
  framework("pyramid", "Pyramid", "pyramid_hello"),
  hello("hello-1", "Hello, 1 connection", full(1)),
  hello("hello-512", "Hello, 512 connections", full(512)),
  hello("close", "Hello, Connection: close", full(64, CLOSE)),
  {
    ...hello("down", "1 MiB down", full(16, { leastSeconds: 3 })),
    path: "/down",
    payloadBytes: MIB,
  },
  {
    ...hello("up", "1 MiB up", full(16, { wrk: ["-s", "../upload.lua"], leastSeconds: 3 })),
    path: "/up",
    payloadBytes: MIB,
  },
  hello("mixed-4", "16 fast connections beside 4 that sleep", full(16, beside("sleeping", 4))),
  hello("mixed-16", "16 fast connections beside 16 that sleep", full(16, beside("sleeping", 16))),
  hello("mixed-64", "16 fast connections beside 64 that sleep", full(16, beside("sleeping", 64))),
  hello("idle-4000", "Hello beside 4,000 idle connections", full(64, beside("idle", 4000))),
  hello("half-400", "Hello beside 400 half-sent requests", full(64, beside("half-sent", 400))),
  hello("burst", "Burst of 200 x 100 ms", { kind: "burst", requests: 200 }),
  {
    name: "memory",
    title: "Memory, 8 Django workers",
    module: "django_hello",
    path: "/hello",
    load: { kind: "memory" },
    workers: 8,
  },
  hello("start", "Start to first answer", { kind: "start" }),
  own(
    hello("front-memory", "Memory of the front after a million requests", {
      kind: "front-memory",
      requests: 1e6,
    }),
  ),
  own(hello("hello-8", "Hello, 8 connections", full(8))),
  own(hello("hello-4000", "Hello, 4,000 connections", full(4000, { leastSeconds: 5 }))),
  ...[1, 4, 8, 16].map((workers) =>
    own({ ...hello(`workers-${workers}`, `Hello, ${workers} workers`, full(64)), workers }),
  ),
  ...[1, 4, 8, 16].map((workers) =>
    own({ ...flask(`flask-workers-${workers}`, `Flask, ${workers} workers`), workers }),
  ),
];
