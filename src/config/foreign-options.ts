// Option names of gunicorn, uWSGI, Granian, uvicorn and waitress -> what to use here. Only names that we do not have ourselves. Every one
// that gunicorn has is here, and every one on the page docs/from-others.md.

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
const HTTP_1 = "HTTP/1.1 is served; a proxy in front speaks HTTP/2 with the clients";
const NO_ASGI = "ASGI is not served";
const APPLICATION_LOGS = "configure logging in the application (LOGGING, dictConfig)";
const SERVER_LOG = "write --log FILE (- is standard error)";
const JOURNAL =
  "there is no syslog: what the server writes goes to the journal, by --log and --access-log";
const STRICT = "the parser is strict, and cannot be set";
const TASKS = "background work belongs to a task queue (Celery, RQ) or to systemd timers";
const FIGURES = "write --admin ADDRESS, which has /metrics for Prometheus";
const TRUSTED = "write --forwarded-allow-ips PEERS";
const ALWAYS = "leave it out: it is always so here";
const DEVELOP = "write --reload, or rickhouse dev";
const PREFIX =
  "it follows X-Forwarded-Prefix of a trusted proxy; or set SCRIPT_NAME by a middleware";
const CONTROL = "write --admin unix:PATH";
const INI =
  'write a module with application = pyramid.paster.get_app("production.ini"), and name that';
const NAMED_OUTSIDE = "leave it out: a systemd unit or a container names the process";
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
  "--error-logfile": SERVER_LOG,
  "--log-file": SERVER_LOG,
  "--errorlog": SERVER_LOG,
  "--accesslog": "write --access-log FILE (- is standard output)",
  "--keepalive": "write --keep-alive-timeout TIME",
  "--raw-env": "write --env NAME=VALUE",
  "--access-logformat": "write --access-log-format FORMAT ('{client} {status}' and so on)",
  "--capture-output": "what the application prints goes where the server's own streams go",
  "--enable-stdio-inheritance": ALWAYS,
  "-R": ALWAYS,
  "--logger-class": APPLICATION_LOGS,
  "--log-config": APPLICATION_LOGS,
  "--log-config-json": APPLICATION_LOGS,
  "--disable-redirect-access-to-syslog": JOURNAL,
  "-u": "write --user NAME",
  "-g": "write --group NAME",
  "-m": "write --socket-mode MODE (gunicorn's -m was for its Unix socket alone); --umask is for the files of the application",
  "--initgroups": "--user takes the groups of that user",
  "--proxy-allow-from": TRUSTED,
  "--forwarder-headers": "write --forwarded-headers NAMES",
  "--header-map": "names with _ are always dropped: they could pass for others",
  "--root-path": PREFIX,
  "--protocol": "HTTP is served, not the uwsgi protocol (nginx: proxy_pass)",
  "--uwsgi-allow-from": "HTTP is served, not the uwsgi protocol (nginx: proxy_pass)",
  "--strip-header-spaces": STRICT,
  "--casefold-http-method": "methods are case-sensitive (RFC 9110)",
  "--http-parser": STRICT,
  "--http-protocols": HTTP_1,
  "--control-socket": CONTROL,
  "--control-socket-mode": CONTROL,
  "--no-control-socket": "there is none unless --admin is given",
  "--reload-engine": DEVELOP,
  "--spew": "use python -m trace",
  "--paste-global": INI,
  "--paster": INI,
  "--statsd-prefix": FIGURES,
  "--dogstatsd-tags": FIGURES,
  "--enable-backlog-metric": FIGURES,
  "--ca-certs": PROXY_TLS,
  "--cert-reqs": PROXY_TLS,
  "--ciphers": PROXY_TLS,
  "--suppress-ragged-eofs": PROXY_TLS,
  "--do-handshake-on-connect": PROXY_TLS,
  "--websocket-max-message-size": "WebSocket is not served",
  "--reload-extra-file": "write --reload-include PATTERN",
  "--preload-app": "write --preload on (auto, the default, imports first unless that is unsafe)",
  "--limit-request-line": "write --max-request-line SIZE",
  "--limit-request-fields": "write --max-fields N",
  "--limit-request-field_size": "write --max-field SIZE",
  "--name": NAMED_OUTSIDE,
  "-n": NAMED_OUTSIDE,
  "--paste": INI,
  "--certfile": PROXY_TLS,
  "--keyfile": PROXY_TLS,
  "--worker-tmp-dir": "there are no heartbeat files; TMPDIR says where large bodies are kept",
  "--check-config": "write rickhouse check [options] application",
  "--print-config": "write rickhouse config [options] [application]",
  "--sendfile": "wsgi.file_wrapper is always there",
  "--no-sendfile": "wsgi.file_wrapper is always there",
  "--threads-per-worker": "write --threads N",
  "--wsgi-app": APPLICATION,
  "--statsd-host": FIGURES,
  // uWSGI
  "--http": BIND,
  "--http-socket": BIND,
  "--socket": `it speaks HTTP, not the uwsgi protocol (nginx: proxy_pass); ${BIND}`,
  "--chmod-socket": "write --socket-mode MODE",
  "--chown-socket": "write --user NAME and --group NAME, whom the socket is given",
  "--wsgi-file": APPLICATION,
  "--module": APPLICATION,
  "--callable": APPLICATION,
  "--mount": "one application a server: join several by a WSGI dispatcher",
  "--processes": "write --workers N or --workers MIN:MAX",
  "-p": "write --workers N (uWSGI's -p), or --pid-file FILE",
  "--master": "there is always one",
  "-M": "there is always one",
  "--harakiri": "write --request-total-timeout TIME (the whole run)",
  "--enable-threads":
    "threads of the application always run; --threads N gives each worker several requests",
  "--virtualenv": "write --python DIR/bin/python",
  "--home": "write --python DIR/bin/python",
  "--lazy-apps": "write --preload off",
  "--lazy": "write --preload off",
  "--ini": "write the options into rickhouse.toml; rickhouse --help all lists them",
  "--daemonize": BACKGROUND,
  "--logto": "write --log FILE and --access-log FILE",
  "--static-map": STATIC,
  "--buffer-size": "write --max-head SIZE",
  "--limit-post": "write --max-body SIZE",
  "--post-buffering": "bodies are always collected; write --body-memory SIZE",
  "--max-worker-lifetime": "write --max-age TIME",
  "--worker-reload-mercy": "write --graceful-timeout TIME",
  "--reload-on-rss": "write --max-memory SIZE",
  "--uid": "write --user NAME",
  "--gid": "write --group NAME",
  "--stats": FIGURES,
  "--touch-reload": "SIGHUP and rickhouse reload bring new code; --reload does at every change",
  "--vacuum": ALWAYS,
  "--die-on-term": ALWAYS,
  "--single-interpreter": ALWAYS,
  "--need-app": ALWAYS,
  "--https": PROXY_TLS,
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
  "--task-impl": WORKERS,
  "--backpressure": "write --queue-length N (how many may wait)",
  "--workers-lifetime": "write --max-age TIME",
  "--workers-kill-timeout": "write --graceful-timeout TIME",
  "--working-dir": "write --chdir PATH",
  "--env-files": "write --env NAME=VALUE",
  "--metrics": FIGURES,
  "--unix-socket": BIND,
  "--trusted-proxy": TRUSTED,
  "--trusted-proxy-headers": "write --forwarded-headers NAMES",
  "--url-prefix": PREFIX,
  "--inbuf-overflow": "write --body-memory SIZE",
  "--outbuf-overflow": "write --response-memory SIZE",
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
  "--workers-max-rss": "write --max-memory SIZE",
};

/** Beginnings of names that all mean the same to us. */
const FAMILIES: readonly (readonly [string, string])[] = [
  ["--dirty-", TASKS],
  ["--log-syslog", JOURNAL],
  ["--permit-", STRICT],
  ["--asgi-", NO_ASGI],
  ["--http2-", HTTP_1],
  ["--ssl-", PROXY_TLS],
];

/** What to use in place of an option of another server. */
export function foreignOption(option: string): string | undefined {
  if (Object.hasOwn(FOREIGN, option)) return FOREIGN[option];
  return FAMILIES.find(([beginning]) => option.startsWith(beginning))?.[1];
}

export const FOREIGN_NAMES: readonly string[] = Object.keys(FOREIGN);
