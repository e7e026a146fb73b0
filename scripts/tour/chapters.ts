// What the tour shows: the applications, and for each thing that can be seen the commands that show it. Data; who runs it: runner.ts.

export type Step =
  /** A server from now on, in place of the one before. `onTerminal`: its output goes to a terminal. */
  | { readonly serve: string; readonly onTerminal?: boolean }
  /** Shown with what it prints. `status`: the exit code that it has, unless 0. */
  | { readonly run: string; readonly status?: number }
  /** Makes ready what the next ones show; not shown itself. */
  | { readonly before: string }
  /** A file of the application is written anew, and shown. */
  | { readonly write: string; readonly text: string }
  /** What the server has printed since the last look. `until`: not before this is there. */
  | { readonly printed: RegExp }
  /** The end of the server, by SIGTERM. */
  | { readonly end: true };

export interface Chapter {
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  readonly steps: readonly Step[];
}

export const SHOP = `import os
import time

from prometheus_client import Counter

ORDERS = Counter("shop_orders", "Orders that were placed.")


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/order":
        ORDERS.inc()
        print("an order was placed")
    elif path == "/report":
        make_report()
    elif path == "/crash":
        os._exit(3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done\\n"]


def make_report():
    time.sleep(10)
`;

const HELLO = `def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!\\n"]
`;

/** A request that a worker runs when this ends. */
const REPORT = "curl -s localhost:8888/report >report.txt & rickhouse-await GET /report";

const ADMIN = "--admin 127.0.0.1:8889";

export const CHAPTERS: readonly Chapter[] = [
  {
    title: "Access log on a terminal",
    text: "Columns, coloured by outcome: [a picture](images/access-log.png). One line for each request, also for those that never reached the application. [Logs](logging.md)",
    steps: [
      {
        serve: "rickhouse --workers 1 --max-body 1k shop:app",
        onTerminal: true,
      },
      { before: "curl -s localhost:8888/ 'localhost:8888/search?q=whiskey' >/dev/null" },
      { before: "head -c 2000 /dev/zero | tr '\\0' x >big.txt" },
      { before: "curl -s -d @big.txt localhost:8888/order >/dev/null" },
      { before: "curl -s -X POST localhost:8888/crash >/dev/null" },
      {
        before:
          "curl -s localhost:8888/report >/dev/null & sleep 0.2; curl -s -m 0.3 localhost:8888/ || true",
      },
      { before: "curl -s -H Host: localhost:8888/ >/dev/null" },
      {
        before:
          'curl -s -H "X-Long: $(head -c 20000 /dev/zero | tr "\\0" a)" localhost:8888/ >/dev/null',
      },
      { printed: / 431 GET[^]* 499 [^]*report/ },
      { end: true },
    ],
  },
  {
    title: "Access log as JSON",
    text: "Where standard output is no terminal. What a client sends cannot end a line or become a field.",
    steps: [
      { serve: "rickhouse shop:app >access.log" },
      { run: `curl -s -A 'curl "8"' 'localhost:8888/search?q=a%22b'` },
      { before: "until [ -s access.log ]; do sleep 0.05; done" },
      { run: "cat access.log" },
      { end: true },
    ],
  },
  {
    title: "Formats of your own, and files that are moved away",
    text: "`common` and `combined` are ready-made. SIGUSR1 opens the file again, after logrotate has moved it.",
    steps: [
      {
        serve:
          "rickhouse --pid-file pid --access-log requests.log --access-log-format '{client} \"{request_line}\" {status} {total_ms}ms id={request_id}' shop:app",
      },
      { run: "curl -s localhost:8888/one" },
      { before: "until [ -s requests.log ]; do sleep 0.05; done" },
      { run: "mv requests.log requests.log.1" },
      { run: "kill -USR1 $(cat pid)" },
      { before: "until [ -e requests.log ]; do sleep 0.05; done" },
      { run: "curl -s localhost:8888/two" },
      { before: "until [ -s requests.log ]; do sleep 0.05; done" },
      { run: "head requests.log.1 requests.log" },
      { serve: "rickhouse --access-log combined.log --access-log-format combined shop:app" },
      { run: "curl -s localhost:8888/three" },
      { before: "until [ -s combined.log ]; do sleep 0.05; done" },
      { run: "cat combined.log" },
      { end: true },
    ],
  },
  {
    title: "Server log as JSON",
    text: "Also what the application prints: with its worker's process and the request that printed it. A worker that dies is told with the request that it was running.",
    steps: [
      { serve: "rickhouse --workers 1 --log-format json --access-log off shop:app" },
      { run: "curl -s localhost:8888/order" },
      { run: "curl -s -X POST localhost:8888/crash" },
      { printed: /"message":"worker [^]*status 3/ },
      { end: true },
    ],
  },
  {
    title: "A request that hangs",
    text: "The log says which one, how long it waited and ran, where its code stood, and which option ended it; its client gets 504, nobody else anything.",
    steps: [
      { serve: "rickhouse --workers 2 --request-timeout 1s --access-log off shop:app" },
      { run: "curl -s 'localhost:8888/report?year=2026'" },
      // The server's line and what the worker says of its end, whichever comes first.
      { printed: /(?=[^]*was ended by[^]*run_worker)(?=[^]*<module>)/ },
      { end: true },
    ],
  },
  {
    title: "The admin address",
    text: "Answered by the front from its own state, also while every worker hangs. [Control](control.md), [figures](metrics.md)",
    steps: [
      { serve: `rickhouse --workers 1 ${ADMIN} --health-path /healthz --access-log off shop:app` },
      { before: REPORT },
      { run: "curl -s localhost:8889/livez" },
      { run: "curl -s localhost:8889/readyz" },
      { run: "curl -s localhost:8888/healthz" },
      { run: "curl -s localhost:8889/status | python3 -m json.tool | head -12" },
      {
        run: "curl -s localhost:8889/metrics | grep -E '^rickhouse_(requests_total|queue_(requests|oldest)|worker_threads|worker_deaths|worker_resident)'",
      },
      { run: "curl -s -i -H 'Host: evil.example' localhost:8889/status", status: 0 },
      {
        run: "curl -s -i -X POST -H 'Origin: http://evil.example' localhost:8889/reload",
        status: 0,
      },
    ],
  },
  {
    title: "Figures of the application",
    text: "Counted by `prometheus_client` in each worker, merged here, and kept when a worker goes: no multiprocess mode is set up.",
    steps: [
      { serve: `rickhouse --workers 2 ${ADMIN} --access-log off shop:app` },
      { run: "curl -s localhost:8888/order localhost:8888/order localhost:8888/order" },
      { run: "curl -s localhost:8889/metrics | grep shop_orders" },
      { before: "rickhouse reload" },
      { run: "curl -s -X POST localhost:8888/crash" },
      { run: "curl -s localhost:8888/order" },
      { run: "curl -s localhost:8889/metrics | grep shop_orders" },
    ],
  },
  {
    title: "Commands to a running server",
    text: "They find the server by its control socket, or by `--admin`. [Control](control.md)",
    steps: [
      { serve: `rickhouse --workers 1:4 ${ADMIN} --access-log off shop:app` },
      { before: REPORT },
      { run: "rickhouse status" },
      { run: "rickhouse stacks" },
      { run: "rickhouse scale 2" },
      { run: "rickhouse scale 9", status: 1 },
      { run: "rickhouse log-level warning --json" },
      { run: "rickhouse reload --json" },
      { run: "rickhouse status --json | head -12" },
      { run: "rickhouse stop" },
      { run: "rickhouse status", status: 1 },
    ],
  },
  {
    title: "The development loop",
    text: "A save is answered with the new code; one that does not import is a page and a line until the next good one. Pictures of both pages: [development](development.md).",
    steps: [
      { write: "hello.py", text: HELLO },
      { serve: "rickhouse dev --access-log off hello:app" },
      { run: "curl -s localhost:8888/" },
      { run: "sed -i 's/World/Whiskey/' hello.py" },
      { run: "curl -s localhost:8888/" },
      { run: "sed -i 's/def app(/def app((/' hello.py" },
      { run: "curl -s localhost:8888/" },
      { run: "sed -i 's/def app((/def app(/' hello.py" },
      { run: "curl -s localhost:8888/" },
      { printed: /generation 4 serves/ },
      { end: true },
    ],
  },
  {
    title: "Error pages, in the form that is asked for",
    text: "Where the server answers itself. The option that a limit belongs to is told to the log, not to the client.",
    steps: [
      { serve: "rickhouse --max-body 1k --access-log off shop:app" },
      { before: "head -c 2000 /dev/zero | tr '\\0' x >big.txt" },
      { run: "curl -s -d @big.txt localhost:8888/order" },
      {
        run: "curl -s -d @big.txt -H 'Accept: application/json' localhost:8888/order",
      },
      {
        run: "curl -s -d @big.txt -H 'Accept: text/html' localhost:8888/order",
      },
      { printed: /--max-body/ },
      { end: true },
    ],
  },
];
