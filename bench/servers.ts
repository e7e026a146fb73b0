// The servers that are compared: how each is started. Two workers to start with, the same interpreter, its own defaults otherwise.

import { globSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Server {
  readonly name: string;
  /** With {port}, {module}, {workers}, {python}, {bin} (its directory) and {root} (the unpacked package); run in bench/apps. */
  readonly command: string;
  /** Pattern of a file of the Python environment: a server that pip has to compile may be missing. */
  readonly needs?: string;
}

const GRANIAN = "{bin}/granian --interface wsgi --host 127.0.0.1 --port {port} --workers {workers}";
const GUNICORN = "{bin}/gunicorn --bind 127.0.0.1:{port} --workers {workers}";
const RICKHOUSE = "{root}/bin/rickhouse --bind 127.0.0.1:{port} --python {python}";

/** The ratios of the table are to the better of those whose name starts with this. */
export const REFERENCE = "granian";

export const SERVERS: readonly Server[] = [
  // MIN:MAX as its default on two processors; its access log is on by default, those of the others are off.
  { name: "rickhouse", command: `${RICKHOUSE} --workers {workers}:16 {module}:app` },
  {
    name: "rickhouse, no log",
    command: `${RICKHOUSE} --workers {workers}:16 --access-log off {module}:app`,
  },
  { name: "granian", command: `${GRANIAN} {module}:app` },
  { name: "granian, 4 threads", command: `${GRANIAN} --blocking-threads 4 {module}:app` },
  { name: "gunicorn sync", command: `${GUNICORN} {module}:app` },
  {
    name: "gunicorn gthread",
    command: `${GUNICORN} --worker-class gthread --threads 4 {module}:app`,
  },
  // It takes SIGTERM for a reload otherwise, and has to be killed after a long wait.
  {
    name: "uwsgi",
    command:
      "{bin}/uwsgi --http 127.0.0.1:{port} --http-keepalive --master --processes {workers} --need-app --die-on-term --disable-logging --module {module}:app",
    needs: "bin/uwsgi",
  },
  { name: "waitress", command: "{bin}/waitress-serve --listen=127.0.0.1:{port} {module}:app" },
  {
    name: "bjoern",
    command: "{python} serve_bjoern.py {module} {port} {workers}",
    needs: "lib/python3*/site-packages/bjoern.py",
  },
];

const BATCH = ", batch";

/** The peers again, under the scheduling policy that rickhouse chooses for its front when it is busy. What they start inherits it. */
export const BATCH_SERVERS: readonly Server[] = SERVERS.filter(
  ({ name }) => !name.startsWith("rickhouse"),
).map((server) => ({
  ...server,
  name: server.name + BATCH,
  command: `chrt --batch 0 ${server.command}`,
}));

/** A scheduling policy is no setting of a server: nothing is held against those that have one of ours. */
export function isUnderBatch(name: string): boolean {
  return name.endsWith(BATCH);
}

export function isInstalled({ needs }: Server, python: string): boolean {
  return needs === undefined || globSync(needs, { cwd: join(dirname(python), "..") }).length > 0;
}
