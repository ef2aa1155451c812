/**
 * `$.agent`: a model that uses tools, as a loop whose every turn and every call of a tool is a step of its own.
 *
 * Boundary: written with the builder's own loop, map, branch and step, so that engine, journal and views need to know
 * nothing of agents; what a model may say is agent-reply.ts, how one is asked is the rung's (@plumbline/ai has one).
 * Invariants: turns, calls in a turn and cost are bounded; a turn keeps what it alone said and what its tools gave, and the
 * model is given the turns before, so the journal grows by a turn and not by the conversation.
 */
import {
  type AgentCall,
  type AgentQuestion,
  type AgentTurn,
  asTurn,
  replyContract,
  type StoredTurn,
} from "./agent-reply.ts";
import type { Declarable } from "./approval.ts";
import { judge } from "./contract.ts";
import { demandApart, demandNamed, isSchema, missingContract } from "./demands.ts";
import type { Duration } from "./duration.ts";
import { demandOptions, optionsOf } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import { internalsOf, type Ref } from "./reference.ts";
import {
  type AnyRung,
  type Cost,
  lastGoodMark,
  type RetryOptions,
  type Rung,
  type Schema,
  type StepContext,
  templateMark,
} from "./rung.ts";
import type { LoopOptions } from "./scope-nodes.ts";
import { demandTools, runTool, type Tool } from "./tool.ts";

/** What an agent is asked, and with what; `.by(...)` says who answers. `Last` is the answer at the limit, as written. */
export interface AgentOptions<Written, S extends Schema, Last extends Declarable<S> = Declarable<S>> {
  readonly needs?: Written;
  readonly tools: Readonly<Record<string, Tool>>;
  /** The contract of the answer. An answer that breaks it is a failed attempt of the turn. */
  readonly output: S;
  readonly maxTurns: number;
  /** No new turn begins when those before have cost so much. */
  readonly maxCost?: Cost;
  /** Uses of tools in one turn; a reply with more is refused. Default 8. */
  readonly maxCalls?: number;
  /** When no turn answered: a failure (default), or a declared answer. */
  readonly atLimit?: "fail" | ((turns: readonly AgentTurn[]) => Last);
  /** For one turn of the model. Default 30 s. */
  readonly timeout?: Duration;
  readonly retry?: RetryOptions;
}

const agentOptions = optionsOf<AgentOptions<unknown, Schema> & { after: unknown }>({
  needs: true,
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
const defaultMaxCalls = 8;
/** More than this in one turn is a mistake in the definition (rule 32). */
const maxCallsLimit = 1_000;
/** The case of a call that is not carried out. No tool has this name. */
const notCalled = "not called";

/** What of the builder an agent is written with. */
interface Builder {
  step(name: string, options: never): { by(...rungs: readonly AnyRung<never, unknown>[]): unknown };
  branch(name: string, options: never): unknown;
  map(name: string, options: never): unknown;
}

type Options = AgentOptions<unknown, Schema> & { readonly after?: unknown };

/** An agent whose options were read. */
export interface WrittenAgent {
  /** The loop that it is, of what says its turns. */
  loopBy(models: readonly AnyRung<never, unknown>[]): LoopOptions<unknown, Schema, (...given: never[]) => unknown> & {
    readonly after?: unknown;
  };
  /** Its answer, of what that loop gives: the last turn holds it, and the agent's value is that alone. */
  answerOf(loop: Ref<unknown>): Ref<unknown>;
}

/** An agent as a loop of `model` and, where it asks for tools, a map of `call`. `path` names it in errors. */
export function agentOf(path: string, options: Options): WrittenAgent {
  demandAgent(path, options);
  const { maxTurns, maxCost, output, atLimit = "fail", after } = options;
  return {
    loopBy(models) {
      demandModels(path, models);
      return {
        ...(after === undefined ? {} : { after }),
        ...(maxCost === undefined ? {} : { maxCost }),
        output: aTurn,
        maxTurns,
        until: ((turn: StoredTurn) => turn.reply.calls.length === 0) as never,
        atLimit: (atLimit === "fail"
          ? "fail"
          : (turns: readonly StoredTurn[]) => lastTurn(turns, atLimit, output)) as never,
        body: turnBy(models, options),
      };
    },
    answerOf: (loop) => (loop as unknown as { reply: { answer: Ref<unknown> } }).reply.answer,
  };
}

/** One turn: the model speaks, and the tools that it asks for are called. */
function turnBy(models: readonly AnyRung<never, unknown>[], options: Options) {
  const { needs = {}, tools, output, maxCalls = defaultMaxCalls, timeout, retry } = options;
  const told = Object.fromEntries(
    Object.entries(tools).map(([key, { description, input }]) => [key, { description, input }]),
  );
  return ($: Builder, _previous: unknown, turn: unknown, turns: unknown) => {
    const reply = $.step("model", {
      needs: { needs, turns, turn },
      output: replyContract(tools, output, maxCalls),
      ...(timeout === undefined ? {} : { timeout }),
      ...(retry === undefined ? {} : { retry }),
    } as never).by(...models.map((rung) => asking(rung, { tools: told, output })));
    const results = $.map("calls", {
      over: (reply as { calls: unknown }).calls,
      onFailure: "collect",
      each: (one: Builder, call: never) => placeCall(one, call, tools),
    } as never);
    return { reply, results };
  };
}

/** References to the fields of a call. */
type CallFields = Readonly<Record<keyof AgentCall, unknown>>;

/** One call: the step of its tool, or, where the call was refused, the reason. */
function placeCall($: Builder, call: CallFields, tools: Readonly<Record<string, Tool>>): unknown {
  const cases = Object.entries(tools).map(([key, one]) => {
    const { output, kind, compensate, timeout, retry } = one;
    const options = Object.entries({ needs: { input: call.input }, output, kind, compensate, timeout, retry });
    const run = (given: { input: unknown }, context: StepContext) => runTool(one, given.input, context);
    const place = (inner: Builder) =>
      inner
        .step("run", Object.fromEntries(options.filter(([, value]) => value !== undefined)) as never)
        .by({ run, name: key } as never);
    return [key, place] as const;
  });
  return $.branch("tool", {
    needs: { tool: call.tool, refused: call.refused },
    choose: ({ tool, refused }: AgentCall) => (refused === undefined ? tool : notCalled),
    cases: { ...Object.fromEntries(cases), [notCalled]: () => call.refused },
  } as never);
}

/** Hands a rung the question as models need it. */
function asking(
  rung: AnyRung<never, unknown>,
  told: Pick<AgentQuestion<unknown>, "tools" | "output">,
): AnyRung<never, unknown> {
  const ask =
    (run: (question: never, context: StepContext) => unknown) =>
    (given: { needs: unknown; turns: readonly StoredTurn[]; turn: number }, context: StepContext) => {
      const question: AgentQuestion<unknown> = { ...given, turns: given.turns.map(asTurn), ...told };
      return run(question as never, context);
    };
  if (typeof rung === "function") return Object.defineProperty(ask(rung), "name", { value: rung.name }) as never;
  if (templateMark in rung) return { [templateMark]: ask(rung[templateMark]) } as never;
  const { run, name = run.name } = rung as Rung<never, unknown>;
  return { ...rung, run: ask(run), name } as never;
}

/** The declared answer, as the turn that gave it. */
async function lastTurn(
  turns: readonly StoredTurn[],
  give: (turns: readonly AgentTurn[]) => unknown,
  output: Schema,
): Promise<AgentTurn> {
  const answer = await give(turns.map(asTurn));
  const { value, reasons } = await judge({ schema: output, checks: [], onDropped: "record" }, answer, undefined);
  if (reasons.length > 0) throw new Error(`atLimit gave an answer that breaks its contract: ${reasons.join("; ")}`);
  return { reply: { calls: [], answer: value }, results: [] };
}

/** Turns are made of parts that were held to contracts before. */
const aTurn: Schema<never, never> = {
  "~standard": { version: 1, vendor: "plumbline", validate: (value) => ({ value: value as never }) },
};

function demandAgent(path: string, options: Options): void {
  demandApart(path, options, "model", ".by(model)");
  demandOptions(path, options, agentOptions);
  const { needs = {}, tools, output, maxCalls = defaultMaxCalls, atLimit = "fail" } = options ?? {};
  demandNamed(path, needs, typeof needs === "object" && needs !== null && internalsOf(needs) === undefined);
  if (!isSchema(output)) throw missingContract(path, "output", output);
  demandTools(`${path}.tools`, tools);
  if (!Number.isInteger(maxCalls) || maxCalls < 1 || maxCalls > maxCallsLimit) {
    throw invalid(`${path}.maxCalls`, `a whole number from 1 to ${maxCallsLimit}`, maxCalls);
  }
  if (atLimit !== "fail" && typeof atLimit !== "function") {
    throw invalid(`${path}.atLimit`, '"fail" or a function of all turns', atLimit);
  }
}

function demandModels(path: string, models: readonly unknown[]): void {
  const isRung = (one: unknown) =>
    typeof one === "function" || (typeof one === "object" && one !== null && ("run" in one || templateMark in one));
  const wrong = models.findIndex((one) => !isRung(one));
  if (wrong === -1) return;
  const expected = "a rung: agentModel(model, { prompt }) of @plumbline/ai, a function, template(...)";
  throw invalid(`${path}.by[${wrong}]`, expected, models[wrong], misplaced(models[wrong]));
}

/** What is most likely meant by what is no rung of an agent. */
function misplaced(given: unknown): { readonly words?: string; readonly mend: string } {
  if (Array.isArray(given)) return { mend: "give the rungs one after the other: .by(first, second)" };
  if (typeof given === "object" && given !== null && lastGoodMark in given) {
    return { words: "lastGood, which was said in another conversation", mend: "take it away" };
  }
  return { mend: "a language model becomes a rung by agentModel(model, { prompt })" };
}
