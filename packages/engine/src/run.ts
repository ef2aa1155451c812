/**
 * `run(flow, input)`: one run in memory, with no store at all.
 *
 * Boundary: an embedded engine on a memory store for the length of one run. Invariant: the same core, the same contracts
 * and the same ladder as on every other floor.
 */
import {
  type Flow,
  flow,
  type InputOf,
  judge,
  type OutputOf,
  type RunResult,
  type Schema,
  type StepDefinition,
} from "@plumbline/core";
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

/**
 * Runs one step alone, as a flow of nothing else: its ladder, its contract and its checks, for tests and for trying out.
 * @throws PlumblineError `input-invalid` for needs that break the definition's `input`
 * @example `const { output, degradations } = await runStep(extract, { pdf });`
 */
export async function runStep<Given extends Schema, S extends Schema>(
  definition: StepDefinition<Given, S>,
  needs: InputOf<Given>,
): Promise<RunResult<OutputOf<S>>> {
  // Needs have names; a schema may fill some in, so what it makes of them says which there are.
  const { value } = await judge({ schema: definition.input, checks: [], onDropped: "record" }, needs, undefined);
  const fields = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const alone = flow("step", {
    input: definition.input as Schema,
    build: ($, given) => $.use("step", definition as StepDefinition, { needs: named(given, fields) as never }),
  });
  return run(alone as unknown as Flow<unknown, OutputOf<S>>, needs);
}

/** Each field is read off the input. */
function named(given: unknown, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, (given as Record<string, unknown>)[field]]));
}
