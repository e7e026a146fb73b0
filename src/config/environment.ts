// Environment variables -> option texts: RICKHOUSE_* (one for each option) and what platforms set, PORT and WEB_CONCURRENCY.
// Pure: the environment comes as a value. What is set but empty counts as not set.

import type { Given, Layer } from "./layers.ts";
import { nearest } from "./nearest.ts";
import type { Option } from "./option.ts";
import { mayStandIn, type OptionName, OPTION_NAMES, OPTIONS, variableOf } from "./options.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export const APPLICATION_VARIABLE = "RICKHOUSE_APPLICATION";
const PREFIX = "RICKHOUSE_";
/** Between the launcher, the server and the Python side. */
const INTERNAL = "RICKHOUSE_INTERNAL_";

/** What a cluster puts there for a service of the name `rickhouse`; no misspelt option, so without a hint. */
const OF_A_SERVICE = /^RICKHOUSE_(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/;

export interface EnvironmentValues {
  readonly layer: Layer;
  readonly application: string | undefined;
  /** One line each, for the log: variables that look like options and are none. */
  readonly warnings: readonly string[];
}

export function readEnvironment(environment: Environment): EnvironmentValues {
  const layer = new Map<OptionName, Given>();
  for (const name of OPTION_NAMES) {
    if (!mayStandIn(name, "environment")) continue;
    const text = environment[variableOf(name)] ?? "";
    if (text !== "") layer.set(name, given(variableOf(name), textsOf(name, text)));
  }
  addPlatformVariables(layer, environment);
  return {
    layer,
    application: environment[APPLICATION_VARIABLE] || undefined,
    warnings: unknownVariables(environment),
  };
}

/** Values of an option that may be repeated stand between commas. */
function textsOf(name: OptionName, text: string): readonly string[] {
  const option: Option<unknown> = OPTIONS[name];
  if (option.kind.combine === undefined) return [text];
  return text.split(",").map((part) => part.trim());
}

/** Our own variables count first: they are more exact. */
function addPlatformVariables(layer: Map<OptionName, Given>, environment: Environment): void {
  const port = environment["PORT"] ?? "";
  // A platform that sets PORT sends its traffic from outside, so loopback alone would not do.
  if (port !== "" && !layer.has("bind")) {
    const origin = { kind: "variable", variable: "PORT", text: port } as const;
    layer.set("bind", { texts: [`0.0.0.0:${port}`], origin });
  }
  // How many processes the machine's memory is good for: exactly so many, not a minimum to grow from.
  const workers = environment["WEB_CONCURRENCY"] ?? "";
  if (workers !== "" && !layer.has("workers"))
    layer.set("workers", given("WEB_CONCURRENCY", [workers]));
}

function given(variable: string, texts: readonly string[]): Given {
  return { texts, origin: { kind: "variable", variable } };
}

/** Whom gunicorn and uvicorn believe by it: one line where nothing says whom to believe here. */
export function unreadVariables(environment: Environment, configured: Layer): readonly string[] {
  const proxies = environment["FORWARDED_ALLOW_IPS"] ?? "";
  if (proxies === "" || configured.has("forwardedAllowIps")) return [];
  return [
    "FORWARDED_ALLOW_IPS is not read, and no proxy is trusted; write --forwarded-allow-ips PEERS or RICKHOUSE_FORWARDED_ALLOW_IPS=PEERS",
  ];
}

function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set([
    APPLICATION_VARIABLE,
    ...OPTION_NAMES.filter((name) => mayStandIn(name, "environment")).map(variableOf),
  ]);
  const unknown = Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(INTERNAL) && !known.has(name))
    .toSorted();
  return unknown.map((name) => {
    const what = `${name} is no option and is ignored`;
    const rest = name.slice(PREFIX.length);
    const close = OF_A_SERVICE.test(name)
      ? undefined
      : nearest(
          rest,
          [...known].map((one) => one.slice(PREFIX.length)),
        );
    return close === undefined ? what : `${what}; did you mean ${PREFIX}${close}?`;
  });
}
