/**
 * Tools: what a model may use, with the contracts of what it gives and gets.
 *
 * Boundary: a tool as written, and one use of it; which tool is used when is agent.ts's, its attempts, undo and limits are a
 * step's. Invariant: what a tool's function is given has passed the tool's contract, whatever a model wrote.
 */
import { judge } from "./contract.ts";
import { isSchema, missingContract } from "./demands.ts";
import type { Duration } from "./duration.ts";
import { NotApplied } from "./errors.ts";
import { demandOptions, optionsOf } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import { aFunction, aText, demandValues } from "./option-values.ts";
import type { InputOf, OutputOf, RetryOptions, Schema, StepContext } from "./rung.ts";
import type { Compensate } from "./step.ts";
import { isPlainObject } from "./values.ts";

/** Something that a model may use. */
export interface Tool<Input extends Schema = Schema, Output extends Schema = Schema> {
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  /** Default `read`. An effect has its start mark, its key and its undo like any other step. */
  readonly kind?: "pure" | "read" | "effect";
  readonly run: (input: OutputOf<Input>, context: StepContext) => InputOf<Output> | Promise<InputOf<Output>>;
  readonly compensate?: Compensate<{ readonly input: unknown }, OutputOf<Output>>;
  readonly timeout?: Duration;
  readonly retry?: RetryOptions;
}

/** A tool, with the types of its contracts known to its functions. */
export function tool<Input extends Schema, Output extends Schema>(options: Tool<Input, Output>): Tool {
  demandTool("tool", options);
  return options as unknown as Tool;
}

const toolOptions = optionsOf<Tool>({
  description: true,
  input: true,
  output: true,
  kind: true,
  run: true,
  compensate: true,
  timeout: true,
  retry: true,
});

/** As all providers take them. Names of the agent's own have a space, so no tool can have them. */
const toolName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** The tools of an agent, each whole. @throws PlumblineError `option-invalid`, `contract-missing` */
export function demandTools(path: string, tools: unknown): void {
  const isPlain = typeof tools === "object" && tools !== null && isPlainObject(tools);
  if (!isPlain || Object.keys(tools).length === 0) {
    throw invalid(path, "an object with a tool for each name: { search: tool({ ... }) }", tools);
  }
  for (const [name, one] of Object.entries(tools)) {
    if (!toolName.test(name)) {
      throw invalid(path, "names of letters, digits, _ and -, at most 64, a letter or digit first", name, {
        mend: "rename the tool: providers refuse other names",
      });
    }
    demandTool(`${path}.${name}`, one);
  }
}

function demandTool(path: string, one: unknown): void {
  demandOptions(path, one, toolOptions);
  const { description, input, output, run } = (one ?? {}) as Partial<Tool>;
  const words = "what the tool does and when to use it, in words for the model";
  if (description === undefined) throw invalid(`${path}.description`, words, description);
  demandValues(path, { description }, { description: aText });
  if (!isSchema(input)) throw missingContract(path, "input", input);
  if (!isSchema(output)) throw missingContract(path, "output", output);
  aFunction("of the input")(`${path}.run`, run);
}

/** What a tool would be given, and why its contract refuses that; no reasons when it does not. */
export async function givenTo(
  { input: schema }: Tool,
  input: unknown,
): Promise<{ readonly value: unknown; readonly reasons: readonly string[] }> {
  return judge({ schema, checks: [], onDropped: "record" }, input, undefined);
}

/** Uses a tool. That its contract takes the input was asked before, but of one that may say otherwise the next time. */
export async function runTool(tool: Tool, input: unknown, context: StepContext): Promise<unknown> {
  const { value, reasons } = await givenTo(tool, input);
  if (reasons.length > 0) throw new NotApplied(`the tool's input breaks its contract: ${reasons.join("; ")}`);
  return tool.run(value, context);
}
