/**
 * One value of a size through a flow: made by a step, recorded, read by the next one.
 *
 * Boundary: a fresh process, so that its highest resident memory is that of this size. Invariant: the reader finds the whole
 * value; the raw write beside it is of the same bytes, with a sync.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { flow, openEngine, sqlite } from "plumbline";
import { z } from "zod";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface Payload extends TrialPlace {
  readonly bytes: number;
  readonly kind: "text" | "bytes";
}

export async function trial({ folder, bytes, kind }: Payload): Promise<Figures> {
  const flow = carrier(kind);
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db")), flows: [flow] });
  const one = async (size: number) => {
    const run = await engine.start(flow, { size });
    const { outcome, output } = await run.result();
    if (outcome !== "succeeded" || output !== size) throw new Error(`${size} ${kind}: ${outcome} ${output}`);
  };
  await one(1_000);
  const before = process.resourceUsage().maxRSS;
  const begun = performance.now();
  await one(bytes);
  const ms = performance.now() - begun;
  const peakMb = (process.resourceUsage().maxRSS - before) / 1_024;
  await engine.close();
  return { ms, peakMb, rawMs: rawWriteMs(join(folder, "raw"), bytes) };
}

function carrier(kind: Payload["kind"]) {
  const contract = kind === "text" ? z.string() : z.instanceof(Uint8Array);
  return flow(`carries-${kind}`, {
    input: z.object({ size: z.number() }),
    build($, { size }) {
      const made = $.step("make", { needs: { size }, output: contract }).by(({ size }) =>
        kind === "text" ? "x".repeat(size) : new Uint8Array(size).fill(120),
      );
      return $.step("read", { needs: { made }, output: z.number() }).by(({ made }) => (made as string).length);
    },
  });
}

function rawWriteMs(path: string, bytes: number): number {
  const block = Buffer.alloc(bytes, 120);
  const file = openSync(path, "w");
  const begun = performance.now();
  writeSync(file, block);
  fdatasyncSync(file);
  const ms = performance.now() - begun;
  closeSync(file);
  return ms;
}
