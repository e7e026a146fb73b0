// Option names of gunicorn, uWSGI, Granian, uvicorn and waitress -> what to use here. Only names that we do not have ourselves.

const APPLICATION =
  "the application is named without an option: rickhouse [path/to/]module:callable";
const BIND = "write --bind HOST:PORT or --bind unix:PATH";
const BACKGROUND =
  "it stays in the foreground: let systemd or a container keep it, or write nohup rickhouse ... &";
const WORKERS =
  "there is one kind of worker: write --workers N and, for blocking code, --threads N";
const CLIENTS_NEED_NO_WORKER =
  "slow and idle clients need no special worker here: write --workers N and, for blocking code, --threads N";
const TIMEOUT = "write --request-timeout TIME (the application's silence)";
const PROXY_TLS = "TLS is not served: put a proxy in front that ends it";
const STATIC = "static files are not served: let a proxy or the application do it (WhiteNoise)";

const FOREIGN: Readonly<Record<string, string>> = {
  // gunicorn
  "-k": CLIENTS_NEED_NO_WORKER,
  "--worker-class": CLIENTS_NEED_NO_WORKER,
  "--worker-connections": "write --max-connections N",
  "-t": "write --request-timeout TIME (gunicorn's -t), or --threads N",
  "--timeout": TIMEOUT,
  "--keep-alive": "write --keep-alive-timeout TIME",
  "--daemon": BACKGROUND,
  "-D": BACKGROUND,
  "--pid": "write --pid-file FILE",
  "--pidfile": "write --pid-file FILE",
  "--access-logfile": "write --access-log FILE (- is standard output)",
  "--error-logfile": "the server's log goes to standard error: write 2>FILE",
  "--log-file": "the server's log goes to standard error: write 2>FILE",
  "--reload-extra-file": "write --reload-include PATTERN",
  "--preload-app": "write --preload on (auto, the default, imports first unless that is unsafe)",
  "--limit-request-line": "write --max-request-line SIZE",
  "--limit-request-fields": "write --max-fields N",
  "--limit-request-field_size": "write --max-field SIZE",
  "--name": "the process is named rickhouse",
  "-n": "the process is named rickhouse",
  "--paste": "name a module that makes the application from the .ini file: module:create_app()",
  "--certfile": PROXY_TLS,
  "--keyfile": PROXY_TLS,
  "--worker-tmp-dir": "there are no heartbeat files; TMPDIR says where large bodies are kept",
  "--check-config": "write rickhouse check [options] application",
  "--print-config": "write rickhouse config [options] [application]",
  "--sendfile": "wsgi.file_wrapper is always there",
  "--no-sendfile": "wsgi.file_wrapper is always there",
  "--threads-per-worker": "write --threads N",
  "--wsgi-app": APPLICATION,
  "--statsd-host": "there is no statsd; --admin has /metrics for Prometheus",
  // uWSGI
  "--http": BIND,
  "--http-socket": BIND,
  "--socket": `it speaks HTTP, not the uwsgi protocol (nginx: proxy_pass); ${BIND}`,
  "--wsgi-file": APPLICATION,
  "--module": APPLICATION,
  "--callable": APPLICATION,
  "--mount": "one application a server: join several by a WSGI dispatcher",
  "--processes": "write --workers N or --workers MIN:MAX",
  "-p": "write --workers N (uWSGI's -p), or --pid-file FILE",
  "--master": "there is always one",
  "-M": "there is always one",
  "--harakiri": TIMEOUT,
  "--enable-threads":
    "threads of the application always run; --threads N gives each worker several requests",
  "--virtualenv": "write --python DIR/bin/python",
  "--home": "write --python DIR/bin/python",
  "--lazy-apps": "write --preload off",
  "--lazy": "write --preload off",
  "--ini": "write the options into rickhouse.toml; rickhouse --help all lists them",
  "--daemonize": BACKGROUND,
  "--static-map": STATIC,
  "--buffer-size": "write --max-head SIZE",
  "--post-buffering": "bodies are always collected; write --body-memory SIZE",
  "--cheaper": "write --workers MIN:MAX",
  // Granian, uvicorn, hypercorn, waitress
  "--interface": "the application is always WSGI",
  "--host": BIND,
  "--port": BIND,
  "--listen": BIND,
  "--unix-socket-path": BIND,
  "--uds": BIND,
  "--fd": BIND,
  "--blocking-threads": "write --threads N",
  "--runtime-threads": WORKERS,
  "--runtime-mode": WORKERS,
  "--loop": WORKERS,
  "--respawn-failed-workers": "a worker that dies is always replaced",
  "--factory": "write module:create_app() with its parentheses",
  "--call": "write module:create_app() with its parentheses",
  "--app-dir": "write the directory before the module: path/to/module:callable",
  "--ssl-certificate": PROXY_TLS,
  "--ssl-certfile": PROXY_TLS,
  "--ssl-keyfile": PROXY_TLS,
  "--static-path-mount": STATIC,
  "--limit-concurrency": "write --queue-length N (how many may wait), --max-connections N",
  "--connection-limit": "write --max-connections N",
  "--channel-timeout": "write --keep-alive-timeout TIME",
  "--max-request-body-size": "write --max-body SIZE",
  "--max-request-header-size": "write --max-head SIZE",
  "--url-scheme": "it follows X-Forwarded-Proto of a trusted proxy",
  "--workers-max-rss": "see --max-memory in rickhouse --help all",
};

/** What to use in place of an option of another server. */
export function foreignOption(option: string): string | undefined {
  return Object.hasOwn(FOREIGN, option) ? FOREIGN[option] : undefined;
}

export const FOREIGN_NAMES: readonly string[] = Object.keys(FOREIGN);
