// Rows -> columns that line up, for people. Pure.

/** The first row is the head. Columns whose cells below the head all begin with a digit are set to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number =>
    Math.max(...rows.map((row) => (row[column] ?? "").length));
  const isNumeric = (column: number): boolean =>
    rows.slice(1).every((row) => /^(?:\d.*|-)$/.test(row[column] ?? ""));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        isNumeric(column) ? cell.padStart(width(column)) : cell.padEnd(width(column)),
      );
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

/** `59s`, `12m 3s`, `3h 5m`, `2d 4h`; below ten seconds with one decimal. */
export function timeText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d ${Math.floor((whole % 86_400) / 3600)}h`;
}

/** `12.3 MiB`; `-` for null. */
export function memoryText(bytes: number | null): string {
  return bytes === null ? "-" : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** What an application or a client has said must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (control) => {
    return `\\x${(control.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
  });
}
