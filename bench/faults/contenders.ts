// The servers that the faults are put to, and how each is started: at its defaults but for room for about eight requests at a time.

import { WORKERS } from "../running-server.ts";

export interface Contender {
  readonly name: string;
  /** With {port}, {python}, {bin} (its directory) and {root} (the checkout); run in this folder. */
  readonly command: string;
  /** Options that end a request which hangs for two seconds, where there is such a thing. */
  readonly hangOptions?: string;
  /** The signal that loads the code anew, where there is one. */
  readonly reload?: NodeJS.Signals;
  /** As `pip list` calls it. */
  readonly distribution?: string;
}

export const CONTENDERS: readonly Contender[] = [
  {
    name: "rickhouse",
    command: "{root}/bin/rickhouse --bind 127.0.0.1:{port} --python {python} faulty:app",
    hangOptions: "--request-timeout 2s",
    reload: "SIGHUP",
  },
  {
    name: "gunicorn",
    command: `{bin}/gunicorn --bind 127.0.0.1:{port} --worker-class gthread --workers ${WORKERS} --threads 4 faulty:app`,
    hangOptions: "--timeout 2",
    reload: "SIGHUP",
    distribution: "gunicorn",
  },
  {
    name: "granian",
    command: `{bin}/granian --interface wsgi --host 127.0.0.1 --port {port} --workers ${WORKERS} --blocking-threads 4 faulty:app`,
    reload: "SIGHUP",
    distribution: "granian",
  },
  {
    name: "waitress",
    command: "{bin}/waitress-serve --listen=127.0.0.1:{port} --threads 8 faulty:app",
    distribution: "waitress",
  },
  {
    name: "uwsgi",
    // SIGTERM means "reload at once" to it unless told otherwise; this is what its documentation gives for a graceful stop.
    command:
      "{bin}/uwsgi --http 127.0.0.1:{port} --http-keepalive --master --processes 4 --threads 2 --need-app --disable-logging --hook-master-start 'unix_signal:15 gracefully_kill_them_all' --module faulty:app",
    hangOptions: "--harakiri 2",
    reload: "SIGHUP",
    distribution: "uWSGI",
  },
];
