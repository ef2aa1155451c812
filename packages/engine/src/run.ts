/**
 * `run(flow, input)`: one run in memory, with no store at all.
 *
 * Boundary: an embedded engine on a memory store for the length of one run. Invariant: the same core, the same contracts
 * and the same ladder as on every other floor.
 */
import type { Flow, RunResult } from "@plumbline/core";
import { openEngine } from "./open-engine.ts";

/**
 * Runs a flow in this process and gives its result. Nothing survives the process.
 * @throws PlumblineError `input-invalid`, `value-refused`
 * @example `const { outcome, output } = await run(greet, { name: "Ada" });`
 */
export async function run<Input, Output>(flow: Flow<Input, Output>, input: Input): Promise<RunResult<Output>> {
  const engine = await openEngine({ flows: [flow as Flow] });
  try {
    const started = await engine.start(flow, input);
    return await started.result();
  } finally {
    await engine.close();
  }
}
