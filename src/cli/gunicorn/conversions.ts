// One value of a gunicorn setting -> texts of an option of ours, or a word on why not. Pure. Values come from a Python file, as JSON.

/** Texts as the option's kind reads them; a problem is one line; undefined: there is nothing to say. */
export type Converted =
  | { readonly texts: readonly string[]; readonly note?: string }
  | { readonly problem: string }
  | undefined;

export type Convert = (value: unknown) => Converted;

const NOT_READ = "its value is none that gunicorn takes";

/** gunicorn takes numbers as texts too. */
function numberOf(value: unknown): number | undefined {
  const found = typeof value === "string" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) && found >= 0 ? found : undefined;
}

/** A number of `unit`; what 0 means differs between the servers. */
export function number(unit: string, zero?: Converted): Convert {
  return (value) => {
    const found = numberOf(value);
    if (found === undefined) return { problem: NOT_READ };
    return found === 0 && zero !== undefined ? zero : { texts: [`${found}${unit}`] };
  };
}

export const text: Convert = (value) => {
  if (value === null || value === "") return undefined;
  if (typeof value === "number") return { texts: [String(value)] };
  return typeof value === "string" ? { texts: [value] } : { problem: NOT_READ };
};

export const flag: Convert = (value) => ({ texts: [isOn(value) ? "on" : "off"] });

function isOn(value: unknown): boolean {
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}

export const textList: Convert = (value) => {
  if (value === null || value === "") return undefined;
  const all = Array.isArray(value) ? value : [value];
  const texts = all.filter((one) => typeof one === "string");
  if (texts.length !== all.length) return { problem: NOT_READ };
  return texts.length === 0 ? undefined : { texts };
};

export const commaList: Convert = (value) => {
  if (typeof value !== "string") return textList(value);
  return textList(value.split(",").map((part) => part.trim()));
};

/** A list that one of our texts holds between commas. */
export const commaText: Convert = (value) => {
  const found = textList(value);
  if (found === undefined || "problem" in found) return found;
  return { texts: [found.texts.join(",")] };
};

export const binds: Convert = (value) => {
  const found = commaList(value);
  if (found === undefined || "problem" in found) return found;
  return { texts: found.texts.map(bindOf) };
};

/** gunicorn's port is 8000 where none is named, and it writes `fd://3`, `tcp://host:port`. */
function bindOf(address: string): string {
  if (address.startsWith("fd://")) return `fd:${address.slice(5)}`;
  if (address.startsWith("unix:")) return address.replace(/^unix:\/\//, "unix:");
  const bare = address.replace(/^tcp:\/\//, "");
  return /:\d+$/.test(bare) ? bare : `${bare}:8000`;
}

/** As Python's `int(text, 0)` reads it: `18`, `0o22`, `0x12`, and not `022`. */
function integerOf(value: unknown): number | undefined {
  const isText =
    typeof value === "string" && /^(?:0[box][\da-f]+|0+|[1-9]\d*)$/i.test(value.trim());
  const found = isText ? Number(value) : value;
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

/** What a umask leaves of a Unix socket: who may write to one may connect; there is nothing to execute. */
export const socketMode: Convert = (value) => {
  const mask = integerOf(value);
  return mask === undefined
    ? { problem: NOT_READ }
    : { texts: [`0${(0o666 & ~mask).toString(8)}`] };
};

export const accessLog: Convert = (value) => (value === null ? { texts: ["off"] } : text(value));

/** Standard error is the default of both. */
export const errorLog: Convert = (value) => (value === "-" ? undefined : text(value));

export const logLevel: Convert = (value) => {
  const level = typeof value === "string" ? value.toLowerCase() : "";
  if (level === "info") return undefined;
  if (level === "critical") return { texts: ["error"] };
  return /^(?:debug|warning|error)$/.test(level) ? { texts: [level] } : { problem: NOT_READ };
};

/** gunicorn's default, which is Apache's combined format. */
const COMBINED = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';

export const accessLogFormat: Convert = (value) =>
  value === COMBINED
    ? { texts: ["combined"] }
    : {
        problem: "its atoms have other names here: write access-log-format, or leave it to be JSON",
      };

export const preload: Convert = (value) =>
  isOn(value)
    ? { texts: ["auto"], note: "auto imports once, unless that left what must not be shared" }
    : { texts: ["off"] };

export const proxyProtocol: Convert = (value) =>
  value === "off" || value === false || value === null ? undefined : { texts: ["on"] };

export const workerClass: Convert = (value) => {
  const name = typeof value === "string" ? value : "";
  if (
    name === "sync" ||
    name.endsWith("SyncWorker") ||
    name === "gthread" ||
    name.endsWith("ThreadWorker")
  )
    return undefined;
  if (/uvicorn|asgi|aiohttp/i.test(name))
    return { problem: `${name} runs ASGI, which is not served` };
  const shown = name === "" ? "a class of its own" : name;
  return {
    problem: `${shown}: slow clients need no special worker here; for an application that waits much, see workers = "MIN:MAX" and threads`,
  };
};
