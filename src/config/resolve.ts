// Given texts of the options -> Config: defaults, checks of each value, checks of values against each other. Pure: what it must know of
// the machine stands in Surroundings. Where the texts come from: layers.ts.

import { isLocalAddress } from "./admin-address.ts";
import type { ApplicationSpec } from "./application.ts";
import { type BindAddress, describeBindAddress } from "./bind-address.ts";
import { BadValue, describeSize } from "./kinds.ts";
import { describeGiven, describeOrigin, type Given, type Layer } from "./layers.ts";
import type { Known, Option } from "./option.ts";
import {
  type Config,
  flagOf,
  type OptionName,
  OPTION_NAMES,
  OPTIONS,
  type OptionValues,
} from "./options.ts";
import { defaultPython, namedPython, type PythonQuestion } from "./python.ts";
import { isNobody } from "./peer-list.ts";
import { StartupError } from "./startup-error.ts";

/** What the start is told of the machine and the user's shell (read in load.ts). */
export interface Surroundings {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Absolute; --chdir counts from it. */
  readonly workingDirectory: string;
  readonly virtualEnv: string | undefined;
  readonly searchPath: string | undefined;
  /** The interpreter that a package for pip was installed for. */
  readonly installedFor: string | undefined;
  readonly softFileLimit: number | null;
  readonly configFile: string | null;
  readonly passedSockets: readonly BindAddress[];
  readonly mayColour: boolean;
  readonly isExecutable: (path: string) => boolean;
}

/** `surroundings.workingDirectory` is the one after --chdir. Throws StartupError at the first thing that is wrong. */
export function resolveConfig(
  given: Layer,
  application: ApplicationSpec,
  surroundings: Surroundings,
): Config {
  const question: PythonQuestion = { ...surroundings, applicationDirectory: application.directory };
  const { cores, memoryBytes, passedSockets } = surroundings;
  const machine = { cores, memoryBytes, passedSockets };
  const unknown: Known = { ...machine, maxWorkers: 0, findPython: () => "" };
  const known: Known = {
    ...machine,
    maxWorkers: valueOf("workers", OPTIONS.workers, given, unknown).max,
    findPython: () => defaultPython(question),
  };
  const entries = OPTION_NAMES.map(
    (name) => [name, valueOf<unknown>(name, OPTIONS[name], given, known)] as const,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name of the table has just got a value of its own kind
  const values = Object.fromEntries(entries) as unknown as OptionValues;
  checkTogether(values);
  const named = isGiven("python", given) ? given.get("python") : undefined;
  const python = named
    ? namedPython(values.python, describeOrigin(named.origin), question)
    : values.python;
  const { softFileLimit, configFile, mayColour } = surroundings;
  return Object.freeze({ ...values, python, softFileLimit, configFile, mayColour });
}

/** The value of --chdir alone: other paths, and so the other values, count from there. */
export function resolveChdir(given: Layer): string {
  const nothing: Known = {
    cores: 1,
    memoryBytes: 0,
    maxWorkers: 0,
    findPython: () => "",
    passedSockets: [],
  };
  return valueOf("chdir", OPTIONS.chdir, given, nothing);
}

/** Whether a value was given; the word `auto` asks for the computed one and is none. */
export function isGiven(name: OptionName, given: Layer): boolean {
  const last = given.get(name)?.texts.at(-1);
  return last !== undefined && !("compute" in OPTIONS[name] && last === "auto");
}

function valueOf<T>(name: OptionName, option: Option<T>, layer: Layer, known: Known): T {
  const given = layer.get(name);
  if (given === undefined || !isGiven(name, layer))
    return "compute" in option ? option.compute(known) : option.default;
  // Each text is checked, also those that a later one replaces.
  const values = given.texts.map((text) => parsed(option, text, given));
  return option.kind.combine
    ? option.kind.combine(values)
    : parsed(option, given.texts.at(-1) ?? "", given);
}

function parsed<T>(option: Option<T>, text: string, { origin }: Given): T {
  try {
    return option.kind.parse(text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    const details = {
      given: describeGiven(origin, option.kind.conceal?.(text) ?? text),
      reason: error.message,
      hint: error.hint,
    };
    throw new StartupError("bad-value", details, { cause: error });
  }
}

/** Pairs of which the first may not be above the second. */
const ORDERED = [
  ["maxRequestLineBytes", "maxHeadBytes"],
  ["maxFieldBytes", "maxHeadBytes"],
  ["bodyMemoryBytes", "bufferMemoryBytes"],
  ["responseMemoryBytes", "bufferMemoryBytes"],
] as const satisfies readonly (readonly [OptionName, OptionName])[];

function checkTogether(values: OptionValues): void {
  for (const [lower, upper] of ORDERED) {
    if (values[lower] <= values[upper]) continue;
    throw new StartupError("conflict", {
      first: `${flagOf(lower)} ${describeSize(values[lower])}`,
      second: `${flagOf(upper)} ${describeSize(values[upper])}`,
      hint: `give ${flagOf(lower)} at most ${describeSize(values[upper])}`,
    });
  }
  checkDrainDelay(values);
  checkAddresses(values.bind);
  checkProxies(values);
  checkAdmin(values);
  checkGroup(values);
}

/** Root with another group is root all the same. */
function checkGroup({ user, group }: OptionValues): void {
  if (user !== "" || group === "") return;
  throw new StartupError("conflict", {
    first: `${flagOf("group")} ${group}`,
    second: `no ${flagOf("user")}`,
    hint: "name a user too",
  });
}

/** A header that says who the client is, is worth nothing from anybody. */
function checkProxies({ proxyProtocol, forwardedAllowIps }: OptionValues): void {
  if (!proxyProtocol || !isNobody(forwardedAllowIps)) return;
  throw new StartupError("conflict", {
    first: flagOf("proxyProtocol"),
    second: `${flagOf("forwardedAllowIps")} none`,
    hint: "name the proxies that send the header",
  });
}

/** Who can reach the admin address can end the server. */
function checkAdmin({ admin, adminToken }: OptionValues): void {
  if (isLocalAddress(admin) || adminToken.kind !== "none") return;
  throw new StartupError("conflict", {
    first: `${flagOf("admin")} ${OPTIONS.admin.kind.describe(admin)}`,
    second: `no ${flagOf("adminToken")}`,
    hint: "give a token, or listen on 127.0.0.1 or unix:PATH",
  });
}

/** The delay is a part of the graceful end: of one that is as long, nothing would be left for the requests. */
function checkDrainDelay({ drainDelayMs, gracefulTimeoutMs }: OptionValues): void {
  if (drainDelayMs === 0 || drainDelayMs < gracefulTimeoutMs) return;
  throw new StartupError("conflict", {
    first: `${flagOf("drainDelayMs")} ${OPTIONS.drainDelayMs.kind.describe(drainDelayMs)}`,
    second: `${flagOf("gracefulTimeoutMs")} ${OPTIONS.gracefulTimeoutMs.kind.describe(gracefulTimeoutMs)}`,
    hint: "the delay is a part of the whole: give it less",
  });
}

/** The second bind of the same address would fail later and look as if another program held it. */
function checkAddresses(addresses: OptionValues["bind"]): void {
  const seen = new Set<string>();
  for (const address of addresses) {
    const text = describeBindAddress(address);
    if (seen.has(text) && !(address.kind === "tcp" && address.port === 0)) {
      const flag = `${flagOf("bind")} ${text}`;
      throw new StartupError("conflict", {
        first: flag,
        second: flag,
        hint: "give each address once",
      });
    }
    seen.add(text);
  }
}
