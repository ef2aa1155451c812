// The story as a table for people, and below it what whoever runs the desk would have read on standard error.
// Boundary: rows to text; nothing is computed here that the document of --json does not have.
import { styleText } from "node:util";
import type { Row } from "./row.ts";

const titles = ["", "came in", "the desk", "decided", "waited", "answer", "by", "run", "what happens"];
const deskWords = { asked: "asks a person", probe: "asks: the probe", open: "open: asks nobody" } as const;

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row, index) => [
    String(index + 1).padStart(2),
    row.arrived,
    deskWords[row.desk],
    row.decided,
    waited(row.waitedMs),
    `${row.approved ? "approved" : "rejected"}: ${row.reason}`,
    row.by ?? row.via,
    row.outcome,
    row.what,
  ]);
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const painted = rows.map((row, index) => {
    const text = line(cells[index] ?? []);
    return row.via === "breaker" ? styleText("yellow", text) : text;
  });
  return [styleText("dim", line(titles)), ...painted].join("\n");
}

export function warningsOf(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ decided, warnings }, index) =>
    warnings.map((warning) => `${decided}  request ${String(index + 1).padStart(2)}  ${warning}`),
  );
  return lines
    .sort()
    .map((line) => styleText("yellow", line))
    .join("\n");
}

function waited(ms: number): string {
  if (ms === 0) return "-";
  return ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`;
}
