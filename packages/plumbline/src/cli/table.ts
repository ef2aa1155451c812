/**
 * Aligned columns: what lists of the command look like.
 *
 * Boundary: texts with colours in, lines out. Invariants: alignment counts columns, not code units; a column that is
 * empty in every row is left out; the last column is never padded, so that lines have no trailing space.
 */
import { columnsOf, pad } from "./phrase.ts";
import type { Paint } from "./terminal.ts";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly right?: boolean;
}

const gap = "  ";

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], paint: Paint, indent = ""): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const shown = columns.flatMap((column, index) => (cells.some((row) => row[index] !== "") ? [{ column, index }] : []));
  const widths = shown.map(({ column, index }) =>
    Math.max(columnsOf(column.title), ...cells.map((row) => columnsOf(row[index] ?? ""))),
  );
  const line = (texts: readonly string[]) =>
    `${indent}${texts
      .map((text, place) => {
        const width = widths[place] ?? 0;
        return shown[place]?.column.right ? " ".repeat(width - columnsOf(text)) + text : pad(text, width);
      })
      .join(gap)}`.trimEnd();
  const head = paint("dim", line(shown.map(({ column }) => column.title)));
  return `${[head, ...cells.map((row) => line(shown.map(({ index }) => row[index] ?? "")))].join("\n")}\n`;
}
