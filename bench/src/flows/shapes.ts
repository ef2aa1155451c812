/**
 * Flows of every shape, of steps that do next to nothing, with the number of steps that each runs.
 *
 * Boundary: definitions; who times them is trials/shape.ts. Invariant: the answer of each is a number that says whether
 * every step has run.
 */
import { type Flow, flow, type Ref, upperMedian } from "plumbline";
import { z } from "zod";

const Value = z.object({ n: z.number() });
const mapConcurrency = 1_000;
const Items = z.object({ items: z.array(z.number()) });

export interface Shape {
  readonly name: string;
  readonly flow: Flow<never>;
  readonly input: unknown;
  /** What one run takes: its steps, members of ensembles counted as such. */
  readonly steps: number;
  readonly answer: number;
  /** Steps of one run that may be under way at the same time. */
  readonly width: number;
}

export interface ShapeSizes {
  readonly chain: number;
  readonly fanOut: number;
}

export function shapes({ chain, fanOut }: ShapeSizes): Shape[] {
  return [chainOf(chain), wide(10), fanOutOf(fanOut), ensemble(), branch(), nestedMap(10), loop(10)];
}

export function chainOf(length: number): Shape {
  const made = flow(`chain-${length}`, {
    input: Value,
    build($, { n }) {
      let last: Ref<{ n: number }> = $.step("step-1", { needs: { n }, output: Value }).by(({ n }) => ({ n: n + 1 }));
      for (let i = 2; i <= length; i++) {
        last = $.step(`step-${i}`, { needs: { n: last.n }, output: Value }).by(({ n }) => ({ n: n + 1 }));
      }
      return last;
    },
  });
  return {
    name: `chain-${length}`,
    flow: made as Flow<never>,
    input: { n: 0 },
    steps: length,
    answer: length,
    width: 1,
  };
}

/** Steps side by side, written one by one. */
function wide(width: number): Shape {
  const made = flow(`wide-${width}`, {
    input: Value,
    build($, { n }) {
      const parts = Array.from({ length: width }, (_, i) =>
        $.step(`part-${i}`, { needs: { n }, output: Value }).by(({ n }) => ({ n: n + 1 })),
      );
      return $.step("sum", { needs: { parts }, output: Value }).by(({ parts }) => ({
        n: (parts as readonly { n: number }[]).reduce((sum, { n }) => sum + n, 0),
      }));
    },
  });
  return { name: `wide-${width}`, flow: made as Flow<never>, input: { n: 0 }, steps: width + 1, answer: width, width };
}

/** The same step for each item of an array. */
export function fanOutOf(items: number): Shape {
  const made = flow(`fan-out-${items}`, {
    input: Items,
    build($, input) {
      const each = $.map("each", {
        over: input.items,
        concurrency: mapConcurrency,
        each: ($, item) => $.step("one", { needs: { item }, output: Value }).by(({ item }) => ({ n: item })),
      });
      return $.step("sum", { needs: { each }, output: Value }).by(({ each }) => ({
        n: each.reduce((sum, { n }) => sum + n, 0),
      }));
    },
  });
  const input = { items: Array(items).fill(1) as number[] };
  return {
    name: `fan-out-${items}`,
    flow: made as Flow<never>,
    input,
    steps: items + 1,
    answer: items,
    width: Math.min(items, mapConcurrency),
  };
}

function ensemble(): Shape {
  const made = flow("ensemble-3", {
    input: Value,
    build($, { n }) {
      const vote = $.ensemble("vote", {
        needs: { n },
        output: Value,
        quorum: 2,
        combine: upperMedian(({ n }) => n),
      }).by({ a: ({ n }) => ({ n: n + 1 }), b: ({ n }) => ({ n: n + 2 }), c: ({ n }) => ({ n: n + 3 }) });
      return { n: vote.value };
    },
  });
  return { name: "ensemble-3", flow: made as Flow<never>, input: { n: 0 }, steps: 3, answer: 2, width: 3 };
}

function branch(): Shape {
  const made = flow("branch", {
    input: Value,
    build($, { n }) {
      const taken = $.branch("way", {
        needs: { n },
        choose: ({ n }) => (n > 0 ? "up" : "down"),
        cases: {
          up: ($) => $.step("add", { needs: { n }, output: Value }).by(({ n }) => ({ n: n + 1 })),
          down: ($) => $.step("take", { needs: { n }, output: Value }).by(({ n }) => ({ n: n - 1 })),
        },
      });
      return { n: taken.n };
    },
  });
  return { name: "branch", flow: made as Flow<never>, input: { n: 1 }, steps: 1, answer: 2, width: 1 };
}

function nestedMap(side: number): Shape {
  const made = flow(`nested-map-${side}x${side}`, {
    input: z.object({ rows: z.array(z.array(z.number())) }),
    build($, { rows }) {
      const sums = $.map("rows", {
        over: rows,
        each: ($, row) => {
          const cells = $.map("cells", {
            over: row,
            each: ($, cell) => $.step("cell", { needs: { cell }, output: Value }).by(({ cell }) => ({ n: cell })),
          });
          return $.step("row", { needs: { cells }, output: Value }).by(({ cells }) => ({
            n: cells.reduce((sum, { n }) => sum + n, 0),
          }));
        },
      });
      return $.step("sum", { needs: { sums }, output: Value }).by(({ sums }) => ({
        n: sums.reduce((sum, { n }) => sum + n, 0),
      }));
    },
  });
  const input = { rows: Array.from({ length: side }, () => Array(side).fill(1) as number[]) };
  const name = `nested-map-${side}x${side}`;
  return {
    name,
    flow: made as Flow<never>,
    input,
    steps: side * side + side + 1,
    answer: side * side,
    width: side * side,
  };
}

function loop(turns: number): Shape {
  const made = flow(`loop-${turns}`, {
    input: Value,
    build($) {
      return $.loop("turns", {
        start: { n: 0 },
        output: Value,
        body: ($, previous) =>
          $.step("turn", { needs: { n: previous.n }, output: Value }).by(({ n }) => ({ n: n + 1 })),
        until: ({ n }) => n >= turns,
        maxTurns: turns + 1,
        atLimit: "fail",
      });
    },
  });
  return { name: `loop-${turns}`, flow: made as Flow<never>, input: { n: 0 }, steps: turns, answer: turns, width: 1 };
}
