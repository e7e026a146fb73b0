// Every setting and hook of gunicorn with its counterpart, or the reason why there is none. The page docs/from-gunicorn.md and the command
// from-gunicorn are made of it; a test holds it against gunicorn's own list.

import type { OptionName } from "../../config/options.ts";
import {
  accessLog,
  accessLogFormat,
  binds,
  commaList,
  commaText,
  type Convert,
  type Converted,
  errorLog,
  flag,
  logLevel,
  number,
  preload,
  proxyProtocol,
  socketMode,
  text,
  textList,
  workerClass,
} from "./conversions.ts";

export type Counterpart =
  /** The application's name. */
  | { readonly kind: "application" }
  | {
      readonly kind: "option";
      readonly option: OptionName;
      readonly convert: Convert;
      readonly note?: string;
    }
  /** No option of that name; `convert` says what of its values cannot be had. */
  | { readonly kind: "judged"; readonly convert: Convert; readonly note: string }
  /** `use` does what it did. Quiet: nothing needs doing, so that the command says nothing of it. */
  | { readonly kind: "other"; readonly use: string; readonly isQuiet?: true }
  | { readonly kind: "none"; readonly why: string };

const NO_LIMIT: Converted = { problem: "0 (no limit) is not offered; the largest is 1MiB" };
/** Which of the two it is depends on --preload: docs/fork-safety.md. */
const IN_EACH_WORKER =
  'with `preload = "off"` the code of the module, with `"on"` `os.register_at_fork(after_in_child=...)` in it';

const option = (name: OptionName, convert: Convert, note?: string): Counterpart =>
  note === undefined
    ? { kind: "option", option: name, convert }
    : { kind: "option", option: name, convert, note };
const other = (use: string): Counterpart => ({ kind: "other", use });
const none = (why: string): Counterpart => ({ kind: "none", why });

export const GUNICORN_SETTINGS: Readonly<Record<string, Counterpart>> = {
  wsgi_app: { kind: "application" },
  config: other("`--config FILE`, in TOML"),
  bind: option("bind", binds),
  backlog: option("backlog", number("")),
  workers: option("workers", number(""), "exactly so many; `MIN:MAX` lets it grow under load"),
  worker_class: {
    kind: "judged",
    convert: workerClass,
    note: "one kind of worker, processes with threads; see the top of the page",
  },
  threads: option("threads", number("")),
  worker_connections: other(
    "`max-connections`, for all workers together: connections belong to no worker",
  ),
  max_requests: option("maxRequests", number(""), "the successor is ready before a worker goes"),
  max_requests_jitter: option("maxRequestsJitter", number("")),
  timeout: option(
    "requestTimeoutMs",
    number("s"),
    "the silence of one request, whatever the worker class; 504, and the stacks in the log",
  ),
  graceful_timeout: option(
    "gracefulTimeoutMs",
    number("s"),
    "25 s here, since Kubernetes kills at 30",
  ),
  keepalive: option(
    "keepAliveTimeoutMs",
    number("s", {
      problem: "0: connections are always kept open here; an idle one costs no worker",
    }),
    "75 s here: longer than a load balancer's, so that it never meets a closed connection",
  ),
  limit_request_line: option("maxRequestLineBytes", number("B", NO_LIMIT)),
  limit_request_fields: option("maxFields", number("")),
  limit_request_field_size: option("maxFieldBytes", number("B", NO_LIMIT)),
  preload_app: option(
    "preload",
    preload,
    "on by default (`auto`), and SIGHUP brings new code all the same",
  ),
  chdir: option("chdir", text),
  daemon: none("it stays in the foreground: systemd or a container keeps it"),
  raw_env: option("env", textList),
  pidfile: option("pidFile", text),
  worker_tmp_dir: other(
    "nothing to set: a worker that hangs is found by its request, not by a heartbeat file",
  ),
  user: option("user", text),
  group: option("group", text),
  umask: option(
    "socketMode",
    socketMode,
    "for its Unix socket alone; `umask` here is for the files of the application",
  ),
  initgroups: other("`user` takes the groups of that user"),
  tmp_upload_dir: none(
    "gunicorn does not use it either; `TMPDIR` says where large bodies are kept",
  ),
  secure_scheme_headers: other(
    "`forwarded-headers`: X-Forwarded-Proto of a trusted proxy sets the scheme",
  ),
  forwarded_allow_ips: option(
    "forwardedAllowIps",
    commaText,
    "nobody is trusted by default here, not even 127.0.0.1",
  ),
  proxy_protocol: option("proxyProtocol", proxyProtocol, "v1 and v2"),
  proxy_allow_ips: other("`forwarded-allow-ips`"),
  forwarder_headers: other("`forwarded-headers`; X-Forwarded-Prefix becomes SCRIPT_NAME"),
  header_map: none(
    "names with `_` are always dropped (gunicorn's default): they could pass for others",
  ),
  protocol: none("HTTP only; nginx: `proxy_pass` in place of `uwsgi_pass`"),
  uwsgi_allow_ips: none("HTTP only"),
  pythonpath: option("pythonpath", commaList, "behind the application's directory"),
  paste: none('name a module that loads the .ini file: `application = get_app("production.ini")`'),
  raw_paste_global_conf: none("see `paste`"),
  reuse_port: option("reusePort", flag),
  sendfile: other("`wsgi.file_wrapper` is always there"),
  permit_obsolete_folding: none(
    "the parser is strict: what is read in two ways is an attack on the proxy before it",
  ),
  strip_header_spaces: none("the parser is strict"),
  permit_unconventional_http_method: none("every token of RFC 9110 is a method already"),
  permit_unconventional_http_version: none("HTTP/1.0 and 1.1"),
  casefold_http_method: none("methods are case-sensitive (RFC 9110)"),
  root_path: other("X-Forwarded-Prefix of a trusted proxy, or a middleware that sets SCRIPT_NAME"),
  accesslog: option("accessLog", accessLog, "on by default here"),
  access_log_format: option(
    "accessLogFormat",
    accessLogFormat,
    "`combined` is gunicorn's default; the atoms of a template have names here, like `{client}`",
  ),
  disable_redirect_access_to_syslog: none("no syslog: standard output goes to the journal"),
  errorlog: option(
    "log",
    errorLog,
    "with a time in each line, and the tracebacks of failed requests; what the application prints stays on standard error",
  ),
  loglevel: option("logLevel", logLevel, "`rickhouse log-level` changes that of a running server"),
  capture_output: {
    kind: "other",
    use: "what the application prints goes where the server's own streams go",
    isQuiet: true,
  },
  logger_class: none("the server's log is no Python logger; configure logging in the application"),
  logconfig: none("configure logging in the application (`LOGGING`, `dictConfig`)"),
  logconfig_dict: none("configure logging in the application"),
  logconfig_json: none("configure logging in the application"),
  syslog: none("standard error goes to the journal, and from there to syslog"),
  syslog_addr: none("see `syslog`"),
  syslog_prefix: none("see `syslog`"),
  syslog_facility: none("see `syslog`"),
  enable_stdio_inheritance: { kind: "other", use: "always", isQuiet: true },
  statsd_host: other("`--admin`: /metrics for Prometheus, which has exporters for statsd"),
  dogstatsd_tags: none("see `statsd_host`"),
  statsd_prefix: none("see `statsd_host`"),
  enable_backlog_metric: other("the queue's length and waiting times are in /metrics of `--admin`"),
  proc_name: none("a systemd unit or a container names the process"),
  default_proc_name: none("see `proc_name`"),
  keyfile: none("TLS is for the proxy in front"),
  certfile: none("see `keyfile`"),
  ssl_version: none("see `keyfile`"),
  cert_reqs: none("see `keyfile`"),
  ca_certs: none("see `keyfile`"),
  suppress_ragged_eofs: none("see `keyfile`"),
  do_handshake_on_connect: none("see `keyfile`"),
  ciphers: none("see `keyfile`"),
  ssl_context: none("see `keyfile`"),
  http_protocols: none("HTTP/1.1; the proxy in front speaks HTTP/2 with the clients"),
  http2_cleartext: none("see `http_protocols`"),
  http2_max_concurrent_streams: none("see `http_protocols`"),
  http2_initial_window_size: none("see `http_protocols`"),
  http2_max_frame_size: none("see `http_protocols`"),
  http2_max_header_list_size: none("see `http_protocols`"),
  http_parser: none("one parser, its own"),
  asgi_loop: none("ASGI is not served"),
  asgi_lifespan: none("ASGI is not served"),
  asgi_disconnect_grace_period: none("ASGI is not served"),
  websocket_max_message_size: none("WebSocket is not served"),
  control_socket: other("`--admin unix:PATH`"),
  control_socket_mode: other("`--admin`"),
  control_socket_disable: other("`--admin off`, the default"),
  reload: other("for development: write rickhouse dev, or --reload"),
  reload_engine: other("see `reload`"),
  reload_extra_files: other("--reload-include PATTERN, with --reload"),
  spew: none("use `python -m trace`"),
  check_config: other("`rickhouse check`"),
  print_config: other("`rickhouse config`"),
  dirty_apps: none("no pool for background work: a task queue (Celery, RQ) does it"),
  dirty_workers: none("see `dirty_apps`"),
  dirty_timeout: none("see `dirty_apps`"),
  dirty_threads: none("see `dirty_apps`"),
  dirty_graceful_timeout: none("see `dirty_apps`"),
  on_dirty_starting: none("see `dirty_apps`"),
  dirty_post_fork: none("see `dirty_apps`"),
  dirty_worker_init: none("see `dirty_apps`"),
  dirty_worker_exit: none("see `dirty_apps`"),
  on_starting: other("code before the start: ExecStartPre of systemd, an entry point script"),
  on_reload: other("code at the import of the application, which a reload imports anew"),
  when_ready: other("/readyz of `--admin`, READY=1 to systemd"),
  pre_fork: other('`os.register_at_fork(before=...)` in the application, with `preload = "on"`'),
  post_fork: other(IN_EACH_WORKER),
  post_worker_init: other(IN_EACH_WORKER),
  worker_int: none("workers ignore SIGINT; on a time-out the stacks are logged by themselves"),
  worker_abort: other("a time-out logs the stacks of all threads by itself, with the request"),
  pre_exec: none("no re-execution: SIGHUP replaces the code, the service manager the server"),
  pre_request: other("a WSGI middleware"),
  post_request: other("a WSGI middleware; the access log has status, bytes and times"),
  child_exit: other(
    "the log says why a worker ended; /metrics needs no files of dead workers, but where `PROMETHEUS_MULTIPROC_DIR` is set it is the application's, and `mark_process_dead` is needed still",
  ),
  worker_exit: other("`atexit` in the application, run in each worker"),
  nworkers_changed: other("the log and /metrics tell the number of workers"),
  on_exit: other("ExecStopPost of systemd, or the container's end"),
};
