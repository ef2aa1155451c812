/**
 * `agentModel`: a model call as one turn of `$.agent`: the model asks for tools, or answers.
 *
 * Boundary: asks once and hands back what the model said; turns, tools and contracts are the core's. Invariants: no tool is
 * run here; the conversation is made anew from the turns that the journal holds, so that a run goes on after a crash and
 * with another model of the ladder; nothing that a model asked for is left out, so that the core can refuse it with a reason.
 */
import type { AgentCall, AgentQuestion, AgentReply, AgentToolResult, AgentTurn, Previous, Rung } from "@plumbline/core";
import {
  type AssistantModelMessage,
  type JSONValue,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  type ToolModelMessage,
  type ToolSet,
} from "ai";
import { type AnswerFormat, objectSchemaOf, unwrapped } from "./answer-format.ts";
import { askedFormat, callModel, judgeable, type LlmOptions, modelRung, type Said, type Source } from "./model-rung.ts";
import { questionOf } from "./question.ts";

/** As for `llm`; `prompt` is given the agent's needs. The turns follow it by themselves. */
export type AgentModelOptions<Needs> = LlmOptions<Needs>;

/**
 * What an agent is run by: `model` is told the tools by their JSON Schema and the turns so far, and says the next turn. The
 * answer is asked for in the shape of the agent's `output`; where a server cannot take a schema beside tools (llama.cpp),
 * `mode: "prompted"` says it in words.
 *
 * @throws PlumblineError `option-invalid` for a model or option that has no meaning
 * @throws ModelError when a turn runs: HTTP errors with their `status`, answers that are cut off, filtered or empty
 * @example
 * ```ts
 * $.agent("research", { needs: { question }, output: Answer, maxTurns: 8, tools: { search } }).by(
 *   agentModel(primary, { prompt: ({ question }) => question }),
 * );
 * ```
 */
export function agentModel<Needs>(
  model: LanguageModel,
  options: AgentModelOptions<Needs>,
): Rung<AgentQuestion<Needs>, AgentReply> {
  return modelRung("agentModel", model, options, async (source, asked: AgentQuestion<Needs>, context) => {
    const { needs, turns, output } = asked;
    const format = besideTools(await askedFormat(source, options, output, context));
    const { tools, wrapped } = await toolsOf(asked.tools, (message) => context.log(message));
    const written = conversation(await options.prompt(needs), turns, wrapped, source);
    const question = questionOf(written, options.system, format, answerOf(context.previous), again);
    const said = await callModel(source, options, { question, format, tools }, context);
    if (said.toolCalls.length === 0) return { answer: await judgeable(said.text, format, output, source) };
    const ids = ownIds(said, turns);
    const calls = said.toolCalls.map(({ toolName: tool, input }, index): AgentCall => {
      return { id: ids[index] as string, tool, input: wrapped.has(tool) ? unwrapped(input, wrapper) : input };
    });
    return { calls, ...(said.text === "" ? {} : { text: said.text }), ...keptOf(said, ids, source) };
  });
}

/** Many a refused answer is a text that announces what a tool should be used for. */
const again = "Use the tools that you still need, or answer again, in full, with these faults mended.";

/**
 * Ids by which the calls can be told apart, also from those of the turns before: some servers give the same one again, or
 * none, and providers refuse conversations in which two calls share one.
 */
function ownIds({ toolCalls }: Said, turns: readonly AgentTurn[]): string[] {
  const taken = new Set(turns.flatMap(({ reply }) => (reply.calls ?? []).map(({ id }) => id)));
  return toolCalls.map(({ toolCallId }) => {
    const first = toolCallId === "" ? "call" : toolCallId;
    let id = first;
    for (let again = 2; taken.has(id); again++) id = `${first}_${again}`;
    taken.add(id);
    return id;
  });
}

/** The field in which a tool's input stands that is no object. */
const wrapper = "input";

interface Tools {
  readonly tools: ToolSet;
  /** Those whose input was made the field of an object. */
  readonly wrapped: ReadonlySet<string>;
}

async function toolsOf(told: AgentQuestion<unknown>["tools"], log: (message: string) => void): Promise<Tools> {
  const tools: ToolSet = {};
  const wrapped = new Set<string>();
  for (const [name, { description, input }] of Object.entries(told)) {
    const described = await objectSchemaOf(input, wrapper);
    if (typeof described === "string") log(`the input of the tool ${name} is told without a schema: ${described}`);
    else if (described.isWrapped) wrapped.add(name);
    // Without a judge of its own: the core holds the input to the tool's contract, and tells the model what was wrong.
    const schema = typeof described === "string" ? { type: "object" as const } : described.schema;
    tools[name] = { description, inputSchema: jsonSchema(schema) };
  }
  return { tools, wrapped };
}

/** In words it is said when to answer; and an order to write JSON would keep many servers from asking for tools. */
function besideTools(format: AnswerFormat): AnswerFormat {
  const { instruction, responseFormat } = format;
  const isShapeless = responseFormat?.type === "json" && responseFormat.schema === undefined;
  return {
    ...format,
    responseFormat: isShapeless ? { type: "text" } : responseFormat,
    instruction: instruction && `Use the tools as long as you need them. Then: ${instruction}`,
  };
}

/** What was refused, as the model knows it: its answer, or the calls that it asked for. */
function answerOf(previous: Previous | undefined): Previous | undefined {
  if (typeof previous?.value !== "object" || previous.value === null) return previous;
  const { calls = [], answer } = previous.value as AgentReply;
  return { ...previous, value: calls.length > 0 ? { calls } : answer };
}

function conversation(
  prompt: string | readonly ModelMessage[],
  turns: readonly AgentTurn[],
  wrapped: ReadonlySet<string>,
  source: Source,
): string | readonly ModelMessage[] {
  if (turns.length === 0) return prompt;
  const first: readonly ModelMessage[] = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
  return [...first, ...turns.flatMap((turn) => [spoken(turn, wrapped, source), given(turn)])];
}

function spoken({ reply }: AgentTurn, wrapped: ReadonlySet<string>, { asked }: Source): AssistantModelMessage {
  const kept = reply.kept as Kept | undefined;
  if (kept?.provider === asked.provider && kept.model === asked.model) {
    return { role: "assistant", content: kept.content };
  }
  const calls = (reply.calls ?? []).map(({ id, tool, input }) => {
    // Providers take objects only, also where a model wrote something else.
    const isObject = typeof input === "object" && input !== null && !Array.isArray(input) && !wrapped.has(tool);
    const told = isObject ? input : { [wrapper]: input };
    return { type: "tool-call" as const, toolCallId: id, toolName: tool, input: told };
  });
  const text = reply.text === undefined ? [] : [{ type: "text" as const, text: reply.text }];
  return { role: "assistant", content: [...text, ...calls] };
}

function given({ results }: AgentTurn): ToolModelMessage {
  const content = results.map((result) => {
    return { type: "tool-result" as const, toolCallId: result.id, toolName: result.tool, output: resultOf(result) };
  });
  return { role: "tool", content };
}

function resultOf(
  result: AgentToolResult,
): Extract<ToolModelMessage["content"][number], { output: unknown }>["output"] {
  if (result.status === "failure") return { type: "error-text", value: result.message };
  if (typeof result.output === "string") return { type: "text", value: result.output };
  // Journals keep more than JSON: dates become texts, and what JSON has no word for is left out.
  const text = JSON.stringify(result.output, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  return { type: "json", value: JSON.parse(text ?? "null") as JSONValue };
}

/** What only the provider that said it understands: its reasoning, and the signatures that it wants to see again. */
interface Kept {
  readonly provider: string;
  readonly model: string;
  readonly content: AssistantModelMessage["content"];
}

function keptOf({ content }: Said, ids: readonly string[], { asked }: Source): { readonly kept?: Kept } {
  if (typeof content === "string") return {};
  const unused = [...ids];
  const parts = content
    .filter(({ type }) => type === "text" || type === "reasoning" || type === "tool-call")
    .map((part) => (part.type === "tool-call" ? { ...part, toolCallId: unused.shift() as string } : part));
  const isSpecial = parts.some(
    (part) => part.type === "reasoning" || ("providerOptions" in part && part.providerOptions !== undefined),
  );
  return isSpecial ? { kept: { ...asked, content: JSON.parse(JSON.stringify(parts)) } } : {};
}
