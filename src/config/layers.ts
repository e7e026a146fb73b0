// Where option texts come from (command line, environment, file), and which of them count. Knows no option's meaning.

import { flagOf, type OptionName } from "./options.ts";

/** Texts of each option that was given, in the order given. */
export type RawValues = ReadonlyMap<OptionName, readonly string[]>;

/** Where a value was given. */
export type Origin =
  | { readonly kind: "flag"; readonly flag: string }
  | {
      readonly kind: "variable";
      readonly variable: string;
      /** As it stands there, where the value is made of it: `5000` of PORT, which means `0.0.0.0:5000`. */
      readonly text?: string;
    }
  | {
      readonly kind: "file";
      /** As the user named it. */
      readonly path: string;
      /** From 1; undefined where it was not found. */
      readonly line: number | undefined;
      readonly key: string;
    };

export interface Given {
  /** In the order given; never empty. */
  readonly texts: readonly string[];
  readonly origin: Origin;
}

export type Layer = ReadonlyMap<OptionName, Given>;

export function flagLayer(raw: RawValues): Layer {
  const layer = new Map<OptionName, Given>();
  for (const [name, texts] of raw) {
    layer.set(name, { texts, origin: { kind: "flag", flag: flagOf(name) } });
  }
  return layer;
}

/** The first layer that has an option decides it, also where the option may be repeated: layers are not joined value by value. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  return new Map(layers.toReversed().flatMap((layer) => [...layer]));
}

/** As errors name what was given: `--workers 0`, `RICKHOUSE_WORKERS=0`, `rickhouse.toml:3: workers 0`. */
export function describeGiven(origin: Origin, text: string): string {
  const value = text === "" ? '""' : text;
  if (origin.kind === "variable") return `${origin.variable}=${origin.text ?? value}`;
  return `${describeOrigin(origin)} ${value}`;
}

/** `--workers`, `RICKHOUSE_WORKERS`, `rickhouse.toml:3: workers`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "flag":
      return origin.flag;
    case "variable":
      return origin.variable;
    case "file":
      return `${describePlace(origin)}: ${origin.key}`;
  }
}

/** `rickhouse.toml:3`. */
export function describePlace({ path, line }: { path: string; line: number | undefined }): string {
  return line === undefined ? path : `${path}:${line}`;
}
