/**
 * A step on its own: defined once in its own file, tested alone, used in several flows.
 *
 * Boundary: keeps what was written until `$.use` places it in a flow. Invariant: a definition is never changed by its use.
 */
import { demandContract } from "./demands.ts";
import type { AnyRung, InputOf, OutputOf, Schema } from "./rung.ts";
import { type StepOptions, stepOptions } from "./step.ts";

/** What a step on its own declares: the shape of its needs beside what every step does. */
export interface StepDefinitionOptions<Given extends Schema, S extends Schema>
  extends Omit<StepOptions<never, OutputOf<Given>, S>, "needs"> {
  /** The contract of the needs: held to when the step is run alone; in a flow the types hold them. */
  readonly input: Given;
}

/** A step that flows can use: what `step({ ... }).by(...)` gives. */
export interface StepDefinition<Given extends Schema = Schema, S extends Schema = Schema> {
  readonly input: Given;
  readonly options: Omit<StepOptions<never, OutputOf<Given>, S>, "needs">;
  readonly rungs: readonly AnyRung<OutputOf<Given>, InputOf<S>>[];
}

/**
 * Defines a step outside of any flow.
 * @throws PlumblineError `contract-missing`
 * @example
 * ```ts
 * export const extract = step({ input: Document, output: Fields, timeout: "30s" }).by(readFields, template(noFields));
 * // in a flow: const fields = $.use("extract", extract, { needs: { pdf: application.pdf } });
 * // in a test: const { output } = await runStep(extract, { pdf });
 * ```
 */
export function step<Given extends Schema, S extends Schema>(
  options: StepDefinitionOptions<Given, S>,
): {
  by(
    ...rungs: readonly [AnyRung<OutputOf<Given>, InputOf<S>>, ...(readonly AnyRung<OutputOf<Given>, InputOf<S>>[])]
  ): StepDefinition<Given, S>;
} {
  demandContract("step", "input", options, ["input", ...stepOptions]);
  demandContract("step", "output", options, ["input", ...stepOptions]);
  const { input, ...rest } = options;
  return { by: (...rungs) => ({ input, options: rest, rungs }) };
}
