// The table of everything that a user can get wrong before the server serves: code, exit code, one line that says what is wrong
// and what to do. Codes are stable, texts are not. Knows no streams: main.ts prints the line and exits.

/**
 * `{name}` in a text is filled from the details that the thrower gives; the compiler asks for exactly those.
 * Exit codes: 1 a command to a running server failed, 2 usage, 3 the application does not import, 4 the address cannot be listened on.
 */
export const STARTUP_ERRORS = {
  "unknown-option": { exitCode: 2, title: "unknown option {option}", fix: "{hint}" },
  "missing-value": {
    exitCode: 2,
    title: "{option} needs a value",
    fix: "write {option} {placeholder}",
  },
  "unexpected-value": {
    exitCode: 2,
    title: "{option} takes no value",
    fix: "write {option} alone",
  },
  "bad-value": { exitCode: 2, title: "{given}: {reason}", fix: "{hint}" },
  conflict: { exitCode: 2, title: "{first} does not go with {second}", fix: "{hint}" },
  "no-working-directory": {
    exitCode: 2,
    title: "the working directory is not there any more ({code})",
    fix: "go to one that is, also where it was made again under the same name",
  },
  "no-config-file": {
    exitCode: 2,
    title: "{given}: {reason}",
    fix: "{hint}",
  },
  "bad-config-file": {
    exitCode: 2,
    title: "{place}: {reason}",
    fix: "correct the line; the format is TOML",
  },
  "unknown-key": { exitCode: 2, title: "{place}: unknown key {key}", fix: "{hint}" },
  "wrong-type": {
    exitCode: 2,
    title: "{place}: {key} cannot be {type}",
    fix: "write it like {key} = {example}",
  },
  "no-application": {
    exitCode: 2,
    title: "no application named",
    fix: 'write rickhouse [path/to/]module:callable, or application = "module:callable" in rickhouse.toml',
  },
  "second-application": {
    exitCode: 2,
    title: "two applications named, {first} and {second}",
    fix: "name one; a value that belongs to an option stands right behind it{guess}",
  },
  "bad-application": { exitCode: 2, title: "application {application}: {reason}", fix: "{hint}" },
  "no-python": {
    exitCode: 2,
    title: "no Python found: no active virtual environment, no .venv, no python3 in PATH",
    fix: "install Python 3.9 or newer, or name one with --python PATH",
  },
  "bad-python": { exitCode: 2, title: "{source}: {path} is not an executable file", fix: "{hint}" },
  "bad-directory": {
    exitCode: 2,
    title: "{given}: no such directory",
    fix: "name a directory that exists",
  },
  "path-not-readable": {
    exitCode: 2,
    title: "{given}: cannot be looked at ({code})",
    fix: "let the server's user enter the directories on the way there, or mend their file system",
  },
  "directory-not-entered": {
    exitCode: 2,
    title: "{given}: cannot be entered ({code})",
    fix: "let this user enter it, or name another with --chdir",
  },
  "pid-file-in-use": {
    exitCode: 2,
    title: "--pid-file {path}: process {pid} runs and has written it",
    fix: "stop it, or choose another file",
  },
  "bad-gunicorn-file": {
    exitCode: 2,
    title: "{path}: {reason}",
    fix: "name a configuration that gunicorn takes, and an interpreter that can run it (--python)",
  },
  "bad-output": { exitCode: 2, title: "--output {path}: {reason}", fix: "name a new file" },
  "bad-pid-file": {
    exitCode: 2,
    title: "--pid-file {path}: cannot be written ({reason})",
    fix: "name a file in a directory that may be written, or off",
  },
  "bad-log": {
    exitCode: 2,
    title: "--log {path}: cannot be written ({reason})",
    fix: "name a file in a directory that may be written (or a FIFO that is read), or - for standard error",
  },
  "bad-access-log": {
    exitCode: 2,
    title: "--access-log {path}: cannot be written ({reason})",
    fix: "name a file in a directory that may be written (or a FIFO that is read), - for standard output, or off",
  },
  "unknown-user": {
    exitCode: 2,
    title: "--user {user}: no such user",
    fix: "name one of `getent passwd`, or a number and a --group",
  },
  "unknown-group": {
    exitCode: 2,
    title: "--group {group}: no such group",
    fix: "name one of `getent group`, or a number",
  },
  "not-root": {
    exitCode: 2,
    title: "--user {user}: only root can become another user, and this process runs as {uid}",
    fix: "start it as root, or leave --user out",
  },
  "bad-temporary-directory": {
    exitCode: 2,
    title: "temporary directory {path}: cannot be written ({reason})",
    fix: "set TMPDIR to a directory that may be written",
  },
  "bad-listen-descriptors": {
    exitCode: 2,
    title: "{variable} {value}: not a number of descriptors",
    fix: "start it by a service manager that speaks sd_listen_fds, or give --bind",
  },
  "bad-admin-address": {
    exitCode: 4,
    title: "--admin: {reason}",
    fix: "choose another address, stop what listens there, or write --admin off",
  },
  "bad-admin-token": {
    exitCode: 2,
    title: "--admin-token file:{path}: {reason}",
    fix: "name a file that holds the token alone, made with: openssl rand -hex 32",
  },
  "no-server": {
    exitCode: 1,
    title: "no running server found: no control socket of {user} in {directory}",
    fix: "start one, or name it with --admin HOST:PORT or --admin unix:PATH (otherwise TMPDIR and --user must be the server's; one with PrivateTmp= of systemd is found by --admin alone)",
  },
  "several-servers": {
    exitCode: 2,
    title: "several servers run",
    fix: "choose one with {choices}",
  },
  "server-unreachable": {
    exitCode: 1,
    title: "no server answers at {server} ({reason})",
    fix: "look whether it runs, and with which --admin",
  },
  "server-refused": {
    exitCode: 1,
    title: "the server at {server} refused: {reason}",
    fix: "see docs/control.md",
  },
  "command-words": { exitCode: 2, title: "wrong words behind the command", fix: "write {usage}" },
  "application-not-imported": { exitCode: 3, title: "{error}", fix: "{hint}" },
  "start-timeout": {
    exitCode: 3,
    title: "the application was not ready within {seconds} s (--start-timeout)",
    fix: "look for what its import waits for, or raise --start-timeout",
  },
  "address-in-use": {
    exitCode: 4,
    title: "{address} is in use",
    fix: "stop what listens there, or choose another --bind (port 0 takes a free one)",
  },
  "address-not-found": {
    exitCode: 4,
    title: "{address}: the host name does not resolve ({reason})",
    fix: "write an IP address or a name that this machine knows",
  },
  "address-not-local": {
    exitCode: 4,
    title: "{address} is no address of this machine",
    fix: "choose one of its own, or 0.0.0.0 or [::] for all",
  },
  "address-not-permitted": {
    exitCode: 4,
    title: "{address}: no permission to listen there",
    fix: "choose a port from 1024 on, grant CAP_NET_BIND_SERVICE, or have systemd open the socket",
  },
  "no-socket-directory": {
    exitCode: 4,
    title: "{address}: there is no directory {directory}",
    fix: "make it first, or choose another path",
  },
  "socket-directory-not-permitted": {
    exitCode: 4,
    title: "{address}: no permission to make a socket in {directory}",
    fix: "let this user write there, or choose another path",
  },
  "path-is-no-socket": {
    exitCode: 4,
    title: "{address}: what is there is no socket",
    fix: "remove it, or choose another path",
  },
  "bad-descriptor": {
    exitCode: 4,
    title: "{address}: {reason}",
    fix: "pass a listening TCP or Unix socket under that number, or choose another --bind",
  },
  "address-not-available": {
    exitCode: 4,
    title: "cannot listen on {address} ({reason})",
    fix: "choose a --bind that this machine and this user may listen on",
  },
} as const satisfies Record<string, { exitCode: 1 | 2 | 3 | 4; title: string; fix: string }>;

export type StartupErrorCode = keyof typeof STARTUP_ERRORS;

type Placeholders<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** What the texts of this code want to know. */
export type StartupErrorDetails<Code extends StartupErrorCode> = Readonly<
  Record<Placeholders<(typeof STARTUP_ERRORS)[Code]["title" | "fix"]>, string>
>;

/** Ends the start. `message` is the one line for the user: `title; fix`, without control characters. */
export class StartupError<Code extends StartupErrorCode = StartupErrorCode> extends Error {
  readonly code: Code;
  readonly title: string;
  readonly fix: string;
  readonly exitCode: 1 | 2 | 3 | 4;

  constructor(code: Code, details: StartupErrorDetails<Code>, options?: ErrorOptions) {
    const entry = STARTUP_ERRORS[code];
    const title = fill(entry.title, details);
    const fix = fill(entry.fix, details);
    super(`${title}; ${fix}`, options);
    this.name = "StartupError";
    this.code = code;
    this.title = title;
    this.fix = fix;
    this.exitCode = entry.exitCode;
  }
}

function fill(text: string, details: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => printable(details[name] ?? ""));
}

/** A value may hold anything that a shell can pass, and what is printed stays one line. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, escapeControl);
}

function escapeControl(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
