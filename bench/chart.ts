// One workload as a picture: a bar for each server, as SVG that stands alone. Pure.

import { FIGURES, mainFigure, type Summary } from "./table.ts";

const WIDTH = 720;
const NAME_WIDTH = 190;
const VALUE_WIDTH = 90;
const ROW = 24;
const TOP = 56;

/** `rows` are all of one workload. */
export function chartOf(title: string, rows: readonly Summary[]): string {
  const figure = mainFigure(rows[0]?.figures ?? {});
  const { title: unit, digits, better } = FIGURES[figure];
  const values = rows.map((row) => row.figures[figure]);
  const most = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE);
  const bars = rows.map((row, index) => {
    const value = values[index];
    const y = TOP + index * ROW;
    const length = (((value ?? 0) / most) * (WIDTH - NAME_WIDTH - VALUE_WIDTH)).toFixed(1);
    const text = value === undefined ? "no answer" : value.toFixed(digits);
    const own = row.server.startsWith("rickhouse") ? "own" : "peer";
    return `  <text class="name" x="${NAME_WIDTH - 8}" y="${y + 13}">${escape(row.server)}</text>
  <rect class="${own}" x="${NAME_WIDTH}" y="${y}" width="${length}" height="${ROW - 7}"/>
  <text x="${(NAME_WIDTH + Number(length) + 6).toFixed(1)}" y="${y + 13}">${text}</text>`;
  });
  const height = TOP + rows.length * ROW + 8;
  const label = `${title}: ${unit}, ${better} is better`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(label)}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #333; }
    .name { text-anchor: end; }
    .title { font-size: 16px; font-weight: 600; }
    .own { fill: #b4541a; }
    .peer { fill: #9aa5b1; }
    @media (prefers-color-scheme: dark) { text { fill: #ddd; } .peer { fill: #66727f; } .own { fill: #e0813f; } }
  </style>
  <text class="title" x="8" y="22">${escape(title)}</text>
  <text x="8" y="42">${escape(`${unit}, ${better} is better`)}</text>
${bars.join("\n")}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
