/**
 * A chart of results: one panel a unit, bars with their spread, in plain SVG.
 *
 * Boundary: numbers to a drawing; no library and no script. Invariants: bars of a panel share one scale, which begins at zero
 * or, where the values lie too far apart, is logarithmic and says so; the number stands beside each bar.
 */
import { figure } from "./findings-text.ts";
import { median } from "./rounds.ts";
import type { Result } from "./suite.ts";

const width = 900;
const barsAt = 330;
const barsWidth = 430;
const rowHeight = 24;
const titleHeight = 40;
const panelGap = 40;
/** Values further apart than this cannot be seen on one linear scale. */
const linearRange = 60;

export function chartOf(results: readonly Result[], title: string): string {
  const panels = Map.groupBy(results, ({ unit }) => unit);
  const parts: string[] = [];
  let top = titleHeight;
  for (const [unit, group] of panels) {
    parts.push(panel(unit, group, top));
    top += panelGap + group.length * rowHeight;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${escaped(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="16" y="26" font-size="16" font-weight="600" fill="#1a1a2e">${escaped(title)}</text>
${parts.join("\n")}
</svg>
`;
}

function panel(unit: string, group: readonly Result[], top: number): string {
  const values = group.flatMap(({ samples }) => samples).filter((value) => value > 0);
  const largest = Math.max(...values, Number.MIN_VALUE);
  const smallest = Math.min(...values, largest);
  const isLinear = largest / smallest <= linearRange;
  const floor = Math.floor(Math.log10(smallest));
  const x = (value: number) => {
    if (value <= 0) return barsAt;
    const share = isLinear ? value / largest : (Math.log10(value) - floor) / (Math.log10(largest) - floor);
    return barsAt + share * barsWidth;
  };
  const heading = `<text x="16" y="${top + 14}" font-weight="600" fill="#444466">${escaped(unit)}${isLinear ? "" : " (logarithmic scale)"}</text>`;
  const rows = group.map((result, row) => bar(result, top + 22 + row * rowHeight, x));
  return [heading, ...rows].join("\n");
}

function bar({ name, samples }: Result, y: number, x: (value: number) => number): string {
  const value = median(samples);
  const middle = y + rowHeight / 2;
  const [low, high] = [x(Math.min(...samples)), x(Math.max(...samples))].map((at) => at.toFixed(1));
  const end = Math.max(x(value), Number(high));
  return [
    `<text x="${barsAt - 10}" y="${middle + 4}" text-anchor="end" fill="#1a1a2e">${escaped(name)}</text>`,
    `<rect x="${barsAt}" y="${y + 4}" width="${Math.max(1, x(value) - barsAt).toFixed(1)}" height="${rowHeight - 8}" fill="#4466aa"/>`,
    `<path d="M${low} ${middle}H${high}M${low} ${middle - 4}v8M${high} ${middle - 4}v8" stroke="#cc7722" stroke-width="1.5" fill="none"/>`,
    `<text x="${(end + 8).toFixed(1)}" y="${middle + 4}" fill="#1a1a2e">${figure(value)}</text>`,
  ].join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
