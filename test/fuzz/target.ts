// What is fuzzed: one property of fast-check each.

import type * as fc from "fast-check";

/** Arguments of every shape: nobody looks at them but fast-check, which prints them. */
export type Property = fc.IRawProperty<unknown>;

export interface FuzzTarget {
  readonly name: string;
  readonly property: Property;
  /** What was started for it ends. */
  readonly close?: () => void;
}
