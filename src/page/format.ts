// Numbers as people read them. Pure.

const THOUSANDS = new Intl.NumberFormat("en");

/** `0.4 ms`, `12 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function timeText(seconds: number): string {
  if (seconds < 0.9995) return `${digits(seconds * 1000)} ms`;
  if (seconds < 60) return `${digits(Math.min(seconds, 59.94))} s`;
  const whole = Math.floor(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** One digit behind the point below 10, none above. */
function digits(value: number): string {
  return value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

/** `0`, `0.3`, `12`, `1,234`. */
export function countText(value: number): string {
  return value > 0 && value < 9.95 && !Number.isInteger(value)
    ? value.toFixed(1)
    : THOUSANDS.format(Math.round(value));
}

/** `12 KiB`, `3.4 MiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value.toFixed(0) : digits(value)} ${units[unit] ?? ""}`;
}

/** Day, in the reader's zone. `at` in milliseconds since 1970. */
export function dayText(at: number): string {
  const parts = { day: "numeric", month: "short", year: "numeric" } as const;
  return new Date(at).toLocaleDateString("en-GB", parts);
}

/** Time of the day, and the day if that is another than that of `now`. Both in milliseconds since 1970. */
export function momentText(at: number, now: number): string {
  const day = dayText(at);
  return day === dayText(now) ? clockText(at) : `${day}, ${clockText(at)}`;
}

/** Time of the day, in the reader's zone. `at` in milliseconds since 1970. */
export function clockText(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
