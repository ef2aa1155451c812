/**
 * The live view on a terminal: frames painted over each other, calmly.
 *
 * Boundary: lines to escape sequences; what the lines say is frame.ts. Invariants: only lines that changed are written,
 * in one write that terminals show at once, so nothing flickers; what user code prints meanwhile goes above the frame and
 * stays; the cursor and both streams are given back, however it ends.
 */
import { frameOf } from "./frame.ts";
import type { LiveRun } from "./live-run.ts";
import { type Output, takeOver } from "./terminal.ts";

const frameMs = 120;
const synchronized = ["\u001b[?2026h", "\u001b[?2026l"] as const;
const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

export class Screen {
  private readonly output: Output;
  private readonly now: () => number;
  private readonly hint: string;
  private painted: string[] = [];
  private paintedColumns = 0;
  private live: LiveRun | undefined;
  private timer: NodeJS.Timeout | undefined;
  private giveBack: (() => void)[] = [];
  /** Printed without a line end: kept until the line is whole. */
  private partial = "";

  /** `hint`: what commands that are shown need to find the database. */
  constructor(output: Output, now: () => number, hint: string) {
    this.output = output;
    this.now = now;
    this.hint = hint;
  }

  show(live: LiveRun): void {
    this.live = live;
    if (this.timer) return;
    this.output.write(hideCursor);
    const restore = () => this.output.write(showCursor);
    process.once("exit", restore);
    this.giveBack = [
      () => process.off("exit", restore),
      takeOver(process.stdout, (text) => this.print(text)),
      takeOver(process.stderr, (text) => this.print(text)),
    ];
    this.timer = setInterval(() => this.paint(), frameMs);
    this.paint();
  }

  /** The last frame stays where it is. */
  close(): void {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = undefined;
    for (const give of this.giveBack) give();
    if (this.partial !== "") this.print("\n");
    this.paint();
    this.output.write(`\n${showCursor}`);
    this.painted = [];
  }

  /** Text of others, above the frame. */
  private print(text: string): void {
    const whole = this.partial + text;
    const end = whole.lastIndexOf("\n") + 1;
    this.partial = whole.slice(end);
    if (end === 0) return;
    const frame = this.painted;
    this.painted = [];
    this.output.write(`${synchronized[0]}${up(frame.length)}\u001b[J${whole.slice(0, end)}${synchronized[1]}`);
    this.paint();
  }

  private paint(): void {
    if (!this.live) return;
    const { output } = this;
    const lines = frameOf(
      this.live,
      this.now(),
      { columns: output.columns, rows: output.rows, hint: this.hint },
      output.paint,
    );
    const text = repaint(this.painted, lines, output.columns !== this.paintedColumns);
    this.painted = lines;
    this.paintedColumns = output.columns;
    if (text !== "") output.write(`${synchronized[0]}${text}${synchronized[1]}`);
  }
}

/** From one frame to the next: what to write with the cursor below the first, to have it below the second. */
export function repaint(before: readonly string[], after: readonly string[], all = false): string {
  if (!all && before.length === after.length && before.every((line, index) => line === after[index])) return "";
  let text = up(before.length);
  for (const [index, line] of after.entries()) {
    text += !all && before[index] === line ? "\n" : `\r${line}\u001b[K\n`;
  }
  return after.length < before.length || all ? `${text}\u001b[J` : text;
}

function up(lines: number): string {
  return lines === 0 ? "" : `\r\u001b[${lines}A`;
}
