// Wall-clock times as log lines write them. What is the same for all lines of a second is made once.

import { Constant, type LineBuffer } from "./line-buffer.ts";

/** Remembers what it made of the second (since 1970) that it was asked for last: lines come in order, many a second. */
function eachSecond<Made extends string | Constant>(
  make: (second: number) => Made,
): (second: number) => Made {
  let last = Number.NaN;
  let made: Made | undefined;
  return (second) => {
    if (made === undefined || second !== last) {
      last = second;
      made = make(second);
    }
    return made;
  };
}

const localSecond = eachSecond((second) => {
  const date = new Date(second * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
});

/** `2026-11-20T19:09:28.123Z` (RFC 3339). */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

const Z = 0x5a;

/** For lines of which there are many: what writes `before` and the time up to its milliseconds, without the Z. */
export function isoTimeBehind(before: string): (out: LineBuffer, epochMs: number) => void {
  const upToSecond = eachSecond((second) => {
    return new Constant(`${before}${new Date(second * 1000).toISOString().slice(0, 19)}.`);
  });
  return (out, epochMs) => {
    const second = secondOf(epochMs);
    out.constant(upToSecond(second));
    out.threeDigits(Math.floor(epochMs - second * 1000));
  };
}

const writeUpToMilliseconds = isoTimeBehind("");

/** The whole time. */
export function writeIsoTime(out: LineBuffer, epochMs: number): void {
  writeUpToMilliseconds(out, epochMs);
  out.byte(Z);
}

/** `19:09:28`, where the server stands: for people who look at their own clock. */
export function localTime(epochMs: number): string {
  return localSecond(secondOf(epochMs));
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

const commonSecond = eachSecond((second) => {
  const date = new Date(second * 1000);
  const day = `${twoDigits(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return new Constant(`${day}:${date.toISOString().slice(11, 19)} +0000`);
});

/** `20/Nov/2026:19:09:28 +0000`: of the Common Log Format, always UTC. */
export function writeCommonTime(out: LineBuffer, epochMs: number): void {
  out.constant(commonSecond(secondOf(epochMs)));
}

/** Seconds since 1970 with three decimals. */
export function writeUnixTime(out: LineBuffer, epochMs: number): void {
  out.thousandths(Math.floor(epochMs));
}

const NO_MILLISECONDS = new Constant("0.000");

/** Milliseconds with three decimals. */
export function writeMilliseconds(out: LineBuffer, ms: number): void {
  if (ms > 0) out.thousandths(Math.round(ms * 1000));
  else out.constant(NO_MILLISECONDS);
}

function secondOf(epochMs: number): number {
  return Math.floor(epochMs / 1000);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
