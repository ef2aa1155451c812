/**
 * `$.agent`: a model that uses tools, as a loop whose every turn and every call of a tool is a step of its own.
 *
 * Boundary: written with the builder's own loop, map, branch and step, so that engine, journal and views need to know
 * nothing of agents; how a model is asked is the rung's (@plumbline/ai has one). Invariants: turns, calls in a turn and cost
 * are bounded; a turn keeps what it alone said and what its tools gave, and the model is given the turns before, so the
 * journal grows by a turn and not by the conversation; what a tool is given keeps the tool's contract, and what breaks it
 * is told to the model.
 */
import type { Declarable } from "./approval.ts";
import { judge } from "./contract.ts";
import { demandNamed, isSchema, missingContract } from "./demands.ts";
import type { Duration } from "./duration.ts";
import { describe, NotApplied } from "./errors.ts";
import { demandOptions, optionsOf } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import { aFunction, aText, demandValues } from "./option-values.ts";
import { internalsOf } from "./reference.ts";
import type { AnyRung, Cost, InputOf, OutputOf, RetryOptions, Schema, StepContext } from "./rung.ts";
import type { Compensate } from "./step.ts";

/** One use of a tool that a model asks for. */
export interface AgentCall {
  /** The model's own id for it, or any that is unique in the turn. */
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
}

/** What a model says in one turn: tools to be used, or the answer. */
export interface AgentReply {
  readonly text?: string;
  readonly calls?: readonly AgentCall[];
  /** There when no more tools are wanted; held to the agent's contract. */
  readonly answer?: unknown;
  /** What a rung wants to see again with this turn, signatures of a provider for example. Nobody else reads it. */
  readonly kept?: unknown;
}

/** What became of one call. */
export type AgentToolResult =
  | { readonly id: string; readonly tool: string; readonly status: "success"; readonly output: unknown }
  | { readonly id: string; readonly tool: string; readonly status: "failure"; readonly message: string };

/** A turn that is over: what the model said and what the tools gave. */
export interface AgentTurn {
  readonly reply: AgentReply;
  readonly results: readonly AgentToolResult[];
}

/** What the model's rungs are given. */
export interface AgentQuestion<Needs> {
  readonly needs: Needs;
  /** The turns so far, the oldest first. */
  readonly turns: readonly AgentTurn[];
  readonly turn: number;
  /** The tools, by name, as models are told of them. */
  readonly tools: Readonly<Record<string, { readonly description: string; readonly input: Schema }>>;
  /** The contract of the answer. */
  readonly output: Schema;
}

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

/** `Last` is the answer at the limit, as written. */
export interface AgentOptions<Written, Needs, S extends Schema, Last extends Declarable<S> = Declarable<S>> {
  readonly needs?: Written;
  /** What says the next turn: a rung, or a ladder. `@plumbline/ai` has `agentModel(model, { prompt })`. */
  readonly model:
    | AnyRung<AgentQuestion<Needs>, AgentReply>
    | readonly [AnyRung<AgentQuestion<Needs>, AgentReply>, ...AnyRung<AgentQuestion<Needs>, AgentReply>[]];
  readonly tools: Readonly<Record<string, Tool>>;
  /** The contract of the answer. An answer that breaks it is a failed attempt of the turn. */
  readonly output: S;
  readonly maxTurns: number;
  readonly maxCost?: Cost;
  /** Uses of tools in one turn; a reply with more is refused. Default 8. */
  readonly maxCalls?: number;
  /** When no turn answered: a failure (default), or a declared answer. */
  readonly atLimit?: "fail" | ((turns: readonly AgentTurn[]) => Last);
  /** For one turn of the model. Default 30 s. */
  readonly timeout?: Duration;
  readonly retry?: RetryOptions;
}

const agentOptions = optionsOf<AgentOptions<unknown, never, Schema> & { after: unknown }>({
  needs: true,
  model: true,
  tools: true,
  output: true,
  maxTurns: true,
  maxCost: true,
  maxCalls: true,
  atLimit: true,
  timeout: true,
  retry: true,
  after: true,
});
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
const defaultMaxCalls = 8;
/** More than this in one turn is a mistake in the definition (rule 32). */
const maxCallsLimit = 1_000;

/** What of the builder an agent is written with. */
interface Builder {
  step(name: string, options: never): { by(...rungs: readonly AnyRung<never, unknown>[]): unknown };
  branch(name: string, options: never): unknown;
  map(name: string, options: never): unknown;
  loop(name: string, options: never): unknown;
}

/**
 * Places an agent: a loop of `model` and, where it asks for tools, a map of `call`. Gives the reference to its answer.
 * `path` names it in errors.
 */
export function placeAgent<Result>(
  $: { loop(name: string, options: never): Result },
  name: string,
  options: AgentOptions<unknown, never, Schema> & { readonly after?: unknown },
  path: string,
): Result {
  demandAgent(path, options);
  const { needs = {}, model, tools, output, maxTurns, maxCost, atLimit = "fail", after } = options;
  const ladder = (Array.isArray(model) ? model : [model]) as AnyRung<never, unknown>[];
  const told = Object.fromEntries(
    Object.entries(tools).map(([key, { description, input }]) => [key, { description, input }]),
  );
  const loop = {
    ...(after === undefined ? {} : { after }),
    ...(maxCost === undefined ? {} : { maxCost }),
    output: aTurn,
    maxTurns,
    until: ({ reply }: AgentTurn) => (reply.calls as readonly AgentCall[]).length === 0,
    atLimit: atLimit === "fail" ? "fail" : (turns: readonly AgentTurn[]) => atLimitTurn(turns, atLimit, output),
    body: (inner: Builder, _previous: unknown, turn: unknown, turns: unknown) => {
      const reply = inner
        .step("model", {
          needs: { needs, turns, turn },
          output: replyContract(tools, output, options.maxCalls ?? defaultMaxCalls),
          ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
          ...(options.retry === undefined ? {} : { retry: options.retry }),
        } as never)
        .by(...ladder.map((rung) => asking(rung, { tools: told, output })));
      const results = inner.map("calls", {
        over: (reply as { calls: unknown }).calls,
        onFailure: "collect",
        each: (one: Builder, call: { tool: unknown }) => placeCall(one, call, tools),
      } as never);
      return { reply, results };
    },
  };
  return answerOf($.loop(name, loop as never)) as Result;
}

/** The loop's last turn holds the answer; the agent's value is that alone. */
function answerOf(loop: unknown): unknown {
  return (loop as { reply: { answer: unknown } }).reply.answer;
}

function placeCall($: Builder, call: { tool: unknown }, tools: Readonly<Record<string, Tool>>): unknown {
  const cases = Object.entries(tools).map(([key, one]) => {
    const { kind, compensate, timeout } = one;
    const written = { output: one.output, kind, compensate, timeout, retry: toolRetry(one) };
    const options = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
    const place = (inner: Builder) =>
      inner.step("run", { ...options, needs: { input: (call as unknown as { input: unknown }).input } } as never).by({
        run: (given: { input: unknown }, context: StepContext) => runTool(one, given.input, context),
        name: key,
      } as never);
    return [key, place] as const;
  });
  return $.branch("tool", {
    needs: { tool: call.tool },
    choose: (given: { tool: string }) => given.tool,
    cases: Object.fromEntries(cases),
  } as never);
}

/** The same input would be refused again: only the model can give another. */
function toolRetry({ retry }: Tool): RetryOptions {
  const retryIf: RetryOptions["retryIf"] = (failure, attempt) =>
    failure.code !== ToolInputRefused.code && (retry?.retryIf?.(failure, attempt) ?? true);
  return { ...retry, retryIf };
}

/** The tool was not called, so there is nothing to undo. */
class ToolInputRefused extends NotApplied {
  static readonly code = "tool-input-refused";
  readonly code = ToolInputRefused.code;
}

/** What the model gave the tool is held to the tool's contract first. */
async function runTool(tool: Tool, input: unknown, context: StepContext): Promise<unknown> {
  const { value, reasons } = await judge({ schema: tool.input, checks: [], onDropped: "record" }, input, undefined);
  if (reasons.length > 0) throw new ToolInputRefused(`the tool's input breaks its contract: ${reasons.join("; ")}`);
  return tool.run(value, context);
}

/** Hands a rung the question as models need it, and takes what it says. */
function asking(
  rung: AnyRung<never, unknown>,
  told: Pick<AgentQuestion<unknown>, "tools" | "output">,
): AnyRung<never, unknown> {
  const ask =
    (run: (question: never, context: StepContext) => unknown) =>
    async (given: { needs: unknown; turns: readonly StoredTurn[]; turn: number }, context: StepContext) => {
      const question: AgentQuestion<unknown> = { ...given, turns: given.turns.map(asTurn), ...told };
      const reply = (await run(question as never, context)) as AgentReply;
      return { calls: [], ...reply };
    };
  if (typeof rung === "function") return Object.defineProperty(ask(rung), "name", { value: rung.name }) as never;
  return "run" in rung ? ({ ...rung, run: ask(rung.run), name: rung.name ?? rung.run.name } as never) : rung;
}

/** A turn as the loop keeps it: what the calls gave lies beside them, in their order. */
interface StoredTurn {
  readonly reply: AgentReply;
  readonly results: readonly (
    | { status: "success"; value: unknown }
    | { status: "failure"; failure: { message: string } }
  )[];
}

function asTurn({ reply, results }: StoredTurn): AgentTurn {
  return {
    reply,
    results: results.map((result, index): AgentToolResult => {
      const { id, tool } = (reply.calls as readonly AgentCall[])[index] as AgentCall;
      if (result.status === "success") return { id, tool, status: "success", output: result.value };
      return { id, tool, status: "failure", message: result.failure.message };
    }),
  };
}

async function atLimitTurn(
  turns: readonly AgentTurn[],
  give: (turns: readonly AgentTurn[]) => unknown,
  output: Schema,
): Promise<AgentTurn> {
  const answer = give((turns as unknown as readonly StoredTurn[]).map(asTurn));
  const { value, reasons } = await judge({ schema: output, checks: [], onDropped: "record" }, answer, undefined);
  if (reasons.length > 0) throw new Error(`atLimit gave an answer that breaks its contract: ${reasons.join("; ")}`);
  return { reply: { calls: [], answer: value }, results: [] };
}

/** Turns are made of parts that were held to contracts before. */
const aTurn: Schema<never, never> = {
  "~standard": { version: 1, vendor: "plumbline", validate: (value) => ({ value: value as never }) },
};

/** What a model may say: known tools, not too many, and an answer that keeps the agent's contract when there are none. */
function replyContract(tools: Readonly<Record<string, Tool>>, output: Schema, maxCalls: number): Schema {
  const refuse = (message: string) => ({ issues: [{ message }] });
  const validate = async (given: unknown) => {
    if (typeof given !== "object" || given === null)
      return refuse(`${describe(given)} instead of { calls } or { answer }`);
    const { calls = [], answer, text, kept } = given as AgentReply;
    if (!Array.isArray(calls)) return refuse("calls is not a list");
    if (calls.length > maxCalls) return refuse(`${calls.length} calls in one turn: at most ${maxCalls}`);
    const unknown = calls.find((call: AgentCall) => typeof call?.tool !== "string" || !Object.hasOwn(tools, call.tool));
    if (unknown !== undefined) {
      return refuse(`there is no tool ${describe(unknown?.tool)}: use one of ${Object.keys(tools).join(", ")}`);
    }
    const said = { ...(typeof text === "string" ? { text } : {}), calls, ...(kept === undefined ? {} : { kept }) };
    if (calls.length > 0) return { value: said };
    const { value, reasons } = await judge({ schema: output, checks: [], onDropped: "record" }, answer, undefined);
    return reasons.length > 0
      ? { issues: reasons.map((message) => ({ message })) }
      : { value: { ...said, answer: value } };
  };
  return { "~standard": { version: 1, vendor: "plumbline", validate } };
}

function demandAgent(path: string, options: AgentOptions<unknown, never, Schema>): void {
  demandOptions(path, options, agentOptions);
  const { needs = {}, model, tools, output, maxCalls = defaultMaxCalls, atLimit = "fail" } = options ?? {};
  demandNamed(path, needs, typeof needs === "object" && needs !== null && internalsOf(needs) === undefined);
  if (!isSchema(output)) throw missingContract(path, "output", output);
  const ladder: readonly unknown[] = Array.isArray(model) ? model : [model];
  const wrong = ladder.findIndex((rung) => typeof rung !== "function" && (typeof rung !== "object" || rung === null));
  if (ladder.length === 0 || wrong >= 0) {
    const expected = "a rung, or a ladder: agentModel(model, { prompt }) of @plumbline/ai, a function, template(...)";
    throw invalid(
      Array.isArray(model) && wrong >= 0 ? `${path}.model[${wrong}]` : `${path}.model`,
      expected,
      ladder[wrong] ?? model,
    );
  }
  if (typeof tools !== "object" || tools === null || Object.keys(tools).length === 0) {
    throw invalid(`${path}.tools`, "an object with a tool for each name: { search: tool({ ... }) }", tools);
  }
  for (const [key, one] of Object.entries(tools)) demandTool(`${path}.tools.${key}`, one);
  if (!Number.isInteger(maxCalls) || maxCalls < 1 || maxCalls > maxCallsLimit) {
    throw invalid(`${path}.maxCalls`, `a whole number from 1 to ${maxCallsLimit}`, maxCalls);
  }
  if (atLimit !== "fail" && typeof atLimit !== "function") {
    throw invalid(`${path}.atLimit`, '"fail" or a function of all turns', atLimit);
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
