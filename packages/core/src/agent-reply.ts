/**
 * One turn of an agent: what a model says, what is made of it, and what it is told of the turns before.
 *
 * Boundary: shapes, and the contract of a reply; how turns follow each other is agent.ts. Invariants: a reply that cannot be
 * understood in one way is refused with a reason; a call that cannot be carried out is not, but kept with the reason, which
 * the model is told as that call's result, as providers and the AI SDK do: it goes on in its next turn.
 */
import { judge } from "./contract.ts";
import { clip, describe } from "./errors.ts";
import type { Rung, RungFunction, Schema, TemplateRung } from "./rung.ts";
import { givenTo, type Tool } from "./tool.ts";

/** One use of a tool that a model asks for. */
export interface AgentCall {
  /** The model's own id for it, or any that is unique in the turn. */
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
  /** Why the tool was not called. Said by the agent; a model's own is not taken over. */
  readonly refused?: string;
}

/** What a model says in one turn: tools to be used, or the answer. */
export interface AgentReply {
  /** Words beside the calls. */
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

/** What may say a turn. No `lastGood`: what was last good was said in another conversation. */
export type AgentRung<Needs> =
  | RungFunction<AgentQuestion<Needs>, AgentReply>
  | Rung<AgentQuestion<Needs>, AgentReply>
  | TemplateRung<AgentQuestion<Needs>, AgentReply>;

/** A turn as the loop keeps it: what the calls gave lies beside them, in their order. */
export interface StoredTurn {
  readonly reply: AgentReply & { readonly calls: readonly AgentCall[] };
  readonly results: readonly (
    | { readonly status: "success"; readonly value: unknown }
    | {
        readonly status: "failure";
        readonly failure: { readonly message: string; readonly cause?: { readonly message: string } };
      }
  )[];
}

export function asTurn({ reply, results }: StoredTurn): AgentTurn {
  return {
    reply,
    results: results.map((result, index): AgentToolResult => {
      const { id, tool, refused } = reply.calls[index] as AgentCall;
      if (refused !== undefined) return { id, tool, status: "failure", message: refused };
      if (result.status === "success") return { id, tool, status: "success", output: result.value };
      // What went wrong, and not where in the run.
      const { cause = result.failure } = result.failure;
      return { id, tool, status: "failure", message: cause.message };
    }),
  };
}

const maxRefusalLength = 2_000;

type Tools = Readonly<Record<string, Tool>>;

/** Holds what a model says to its form, each call to the contract of its tool, and an answer to the agent's. */
export function replyContract(tools: Tools, output: Schema, maxCalls: number): Schema {
  const validate = async (given: unknown) => {
    const fault = faultIn(given, maxCalls);
    if (fault !== undefined) return { issues: [{ message: fault }] };
    const { calls = [], answer, text, kept } = given as AgentReply;
    const said = { ...(typeof text === "string" ? { text } : {}), ...(kept === undefined ? {} : { kept }) };
    if (calls.length > 0) {
      return { value: { ...said, calls: await Promise.all(calls.map((call) => judgedCall(call, tools))) } };
    }
    const { value, reasons } = await judge({ schema: output, checks: [], onDropped: "record" }, answer, undefined);
    if (reasons.length > 0) return { issues: reasons.map((message) => ({ message })) };
    return { value: { ...said, calls, answer: value } };
  };
  return { "~standard": { version: 1, vendor: "plumbline", validate } };
}

const forms = "{ calls } or { answer }";

/** Why a reply cannot be understood, in words for the model. */
function faultIn(given: unknown, maxCalls: number): string | undefined {
  if (typeof given === "string") return `a bare text (${describe(given)}) instead of ${forms}`;
  if (typeof given !== "object" || given === null) return `${describe(given)} instead of ${forms}`;
  const { calls = [], answer } = given as AgentReply;
  if (!Array.isArray(calls)) return `calls is ${describe(calls)} instead of a list`;
  if (calls.length === 0 && !("answer" in given)) {
    return `neither calls nor an answer${"text" in given ? ", only a text" : ""}: reply with ${forms}`;
  }
  // To carry out the calls, or to take the answer that was given before they were: each would be a guess.
  if (calls.length > 0 && answer !== undefined) {
    return "calls and an answer in one reply: ask for tools, or answer when no more are wanted";
  }
  if (calls.length > maxCalls) return `${calls.length} calls in one turn: at most ${maxCalls}`;
  return faultInCalls(calls);
}

function faultInCalls(calls: readonly unknown[]): string | undefined {
  const ids = new Set<string>();
  for (const [index, call] of calls.entries()) {
    const at = `calls[${index}]`;
    if (typeof call !== "object" || call === null) return `${at} is ${describe(call)} instead of { id, tool, input }`;
    const { id, tool } = call as Partial<AgentCall>;
    if (typeof id !== "string" || id === "") return `${at}.id is ${describe(id)} instead of a text`;
    if (typeof tool !== "string") return `${at}.tool is ${describe(tool)} instead of the name of a tool`;
    if (ids.has(id)) return `${at}.id is ${describe(id)} for a second time: each call has an id of its own`;
    ids.add(id);
  }
  return undefined;
}

async function judgedCall({ id, tool, input }: AgentCall, tools: Tools): Promise<AgentCall> {
  const refused = await refusalOf(tool, input, tools);
  return { id, tool, input, ...(refused === undefined ? {} : { refused: clip(refused, maxRefusalLength) }) };
}

/** Why a call cannot be carried out. */
async function refusalOf(name: string, input: unknown, tools: Tools): Promise<string | undefined> {
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!tool) return `there is no tool ${describe(name)}: use one of ${Object.keys(tools).join(", ")}`;
  const { reasons } = await givenTo(tool, input);
  return reasons.length === 0 ? undefined : `the input breaks the contract of ${name}: ${reasons.join("; ")}`;
}
