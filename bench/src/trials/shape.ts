/**
 * One shape of flow, again and again: what a step of it costs.
 *
 * Boundary: wall time over steps; in memory one run at a time, on a file so many that commits are shared. Invariant: every
 * answer is checked, so no step was left out.
 */
import { join } from "node:path";
import { type Engine, memory, openEngine, sqlite } from "plumbline";
import { chainOf, fanOutOf, type Shape, shapes } from "../flows/shapes.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface ShapeTrial extends TrialPlace {
  readonly shape: string;
  readonly store: "memory" | "sqlite";
  /** Runs at least so many steps. */
  readonly steps: number;
  /** Steps under way at the same time, over all runs, on a file: so many share a commit. */
  readonly atOnce: number;
}

/** A store in memory keeps what it has seen: it is opened anew after so many steps. */
const stepsPerEngine = 100_000;

export async function trial({ folder, shape: name, store, steps, atOnce: stepsAtOnce }: ShapeTrial): Promise<Figures> {
  const shape = shapeNamed(name);
  const open = () =>
    openEngine({ store: store === "memory" ? memory() : sqlite(join(folder, "runs.db")), flows: [shape.flow] });
  const atOnce = store === "memory" ? 1 : Math.max(1, Math.floor(stepsAtOnce / shape.width));
  await inTurns(open, shape, Math.ceil(steps / 4), atOnce); // warms up
  const ms = await inTurns(open, shape, steps, atOnce);
  const runs = Math.ceil(steps / shape.steps);
  return { usPerStep: (ms * 1_000) / (runs * shape.steps) };
}

async function inTurns(open: () => Promise<Engine>, shape: Shape, steps: number, atOnce: number): Promise<number> {
  let left = Math.ceil(steps / shape.steps);
  const perEngine = Math.max(1, Math.floor(stepsPerEngine / shape.steps));
  let ms = 0;
  while (left > 0) {
    const engine = await open();
    let mine = Math.min(left, perEngine);
    left -= mine;
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: Math.min(atOnce, mine) }, async () => {
        while (mine-- > 0) await runOnce(engine, shape);
      }),
    );
    ms += performance.now() - begun;
    await engine.close();
  }
  return ms;
}

async function runOnce(engine: Engine, { flow, input, answer }: Shape): Promise<void> {
  const run = await engine.start(flow.name, input);
  const { outcome, output } = await run.result();
  const { n } = output as { readonly n: number };
  if (outcome !== "succeeded" || n !== answer) throw new Error(`${flow.name}: ${outcome}, ${n} instead of ${answer}`);
}

function shapeNamed(name: string): Shape {
  const [, kind, size] = /^(chain|fan-out)-(\d+)$/.exec(name) ?? [];
  if (kind === "chain") return chainOf(Number(size));
  if (kind === "fan-out") return fanOutOf(Number(size));
  const found = shapes({ chain: 1, fanOut: 1 }).find((shape) => shape.name === name);
  if (!found) throw new Error(`there is no shape "${name}"`);
  return found;
}
