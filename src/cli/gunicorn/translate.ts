// The variables of a gunicorn configuration -> the text of a rickhouse.toml, and what could not be carried over. Pure.

import type { Environment } from "../../config/environment.ts";
import { BadValue } from "../../config/kinds.ts";
import type { Option } from "../../config/option.ts";
import { keyOf, type OptionName, OPTION_NAMES, OPTIONS } from "../../config/options.ts";
import { tomlOf, tomlString } from "../../config/toml-text.ts";
import type { Converted } from "./conversions.ts";
import { GUNICORN_SETTINGS } from "./settings.ts";

export interface Translation {
  readonly toml: string;
  /** One line each. */
  readonly problems: readonly string[];
}

/** `file` is named in the first line; `environment` is what gunicorn would find. Variables that are no settings are left out, as gunicorn leaves them out. */
export function translate(
  variables: Readonly<Record<string, unknown>>,
  file: string,
  environment: Environment = {},
): Translation {
  const lines = new Map<OptionName, string>();
  const problems: string[] = [];
  let application = "";
  for (const [setting, value] of Object.entries(variables)) {
    const counterpart = Object.hasOwn(GUNICORN_SETTINGS, setting)
      ? GUNICORN_SETTINGS[setting]
      : undefined;
    if (counterpart === undefined || isNothing(setting, value)) continue;
    const say = (what: string): void => void problems.push(`${setting}: ${what}`);
    switch (counterpart.kind) {
      case "application":
        application = `application = ${tomlString(String(value))}\n`;
        break;
      case "option": {
        const line = lineOf(counterpart.option, counterpart.convert(value), say);
        if (line !== undefined) lines.set(counterpart.option, line);
        break;
      }
      case "judged": {
        const found = counterpart.convert(value);
        if (found !== undefined && "problem" in found) say(found.problem);
        break;
      }
      case "other":
        if (counterpart.isQuiet !== true && value !== false)
          say(`no such option; ${counterpart.use}`);
        break;
      case "none":
        if (value !== false) say(`no counterpart; ${reasonOf(counterpart.why)}`);
    }
  }
  widenHead(variables, lines);
  if (variables["workers"] === undefined)
    problems.push(
      `workers: not set, so gunicorn had 1 (unless WEB_CONCURRENCY says otherwise); here it is one a core, and more under load`,
    );
  problems.push(...bindProblems(variables, lines), ...environmentProblems(variables, environment));
  const options = OPTION_NAMES.flatMap((name) => lines.get(name) ?? []);
  return { toml: `# From ${file}\n${application}${options.join("")}`, problems };
}

/** Where the table says "see `keyfile`", what it says there. */
function reasonOf(why: string): string {
  const name = /^see `(\w+)`$/.exec(why)?.[1] ?? "";
  const there = GUNICORN_SETTINGS[name];
  return there?.kind === "none" ? there.why : why;
}

/** What gunicorn takes for "as it is by default"; of its access log that is "none", and here another. */
function isNothing(setting: string, value: unknown): boolean {
  if (value === null) return setting !== "accesslog";
  return value === "" || (Array.isArray(value) && value.length === 0);
}

function lineOf(
  name: OptionName,
  converted: Converted,
  say: (what: string) => void,
): string | undefined {
  if (converted === undefined) return undefined;
  if ("problem" in converted) {
    say(converted.problem);
    return undefined;
  }
  const { kind }: Option<unknown> = OPTIONS[name];
  try {
    const values = converted.texts.map((text) => kind.parse(text));
    const value = kind.combine ? kind.combine(values) : values.at(-1);
    const note = converted.note === undefined ? "" : `  # ${converted.note}`;
    return `${keyOf(name)} = ${tomlOf(kind, value)}${note}\n`;
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    say(`${converted.texts.join(", ")} cannot be had: ${error.message}; ${error.hint}`);
    return undefined;
  }
}

/** Where a proxy would find nobody, or might not enter. */
function bindProblems(
  variables: Readonly<Record<string, unknown>>,
  lines: Map<OptionName, string>,
): string[] {
  const { bind, umask } = variables;
  const mode = lines.get("socketMode");
  const isUnix = [bind]
    .flat()
    .some((one) => typeof one === "string" && /(?:^|,\s*)unix:/.test(one));
  if (isUnix && mode !== undefined) return [];
  if (isUnix)
    return [
      'bind: gunicorn lets everybody connect to a Unix socket; here user and group may (socket-mode = "0660")',
    ];
  lines.delete("socketMode");
  const problems: string[] = [];
  if (mode !== undefined && Number(umask) !== 0)
    problems.push(
      `umask: it was for a Unix socket alone, and none is named here; for one, write ${mode.trimEnd()}`,
    );
  if (bind === undefined || bind === null)
    problems.push(
      "bind: not set, so gunicorn listened at 127.0.0.1:8000 (unless PORT says otherwise); here it is port 8888",
    );
  return problems;
}

/** What gunicorn takes from the environment beside its configuration. */
function environmentProblems(
  variables: Readonly<Record<string, unknown>>,
  environment: Environment,
): string[] {
  const problems: string[] = [];
  const proxies = environment["FORWARDED_ALLOW_IPS"] ?? "";
  if (proxies !== "" && variables["forwarded_allow_ips"] === undefined)
    problems.push(
      `FORWARDED_ALLOW_IPS: it is set, and not read here; write forwarded-allow-ips = ${tomlString(proxies)}`,
    );
  const all = [`SCRIPT_NAME=${environment["SCRIPT_NAME"] ?? ""}`, variables["raw_env"]].flat();
  if (all.some((one) => typeof one === "string" && /^SCRIPT_NAME=./.test(one)))
    problems.push(
      "SCRIPT_NAME: it is set, and not read here; have the proxy take the prefix off the path and send it as X-Forwarded-Prefix, or let a middleware do it",
    );
  return problems;
}

const LARGEST_HEAD = 2 ** 20;

/** A line or a field may be larger than what a whole head may be by default, and the server would refuse that. */
function widenHead(
  variables: Readonly<Record<string, unknown>>,
  lines: Map<OptionName, string>,
): void {
  const asked = ["limit_request_line", "limit_request_field_size"].map((name) =>
    Number(variables[name] ?? 0),
  );
  const most = Math.max(...asked.filter(Number.isFinite));
  const head = OPTIONS.maxHeadBytes;
  const usual = "default" in head ? head.default : 0;
  if (most > usual && most <= LARGEST_HEAD)
    lines.set("maxHeadBytes", `${keyOf("maxHeadBytes")} = ${tomlOf(head.kind, most)}\n`);
}
