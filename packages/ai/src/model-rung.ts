/**
 * What every rung that asks a model has in common: its options, the one call, and what is recorded of it.
 *
 * Boundary: asks one model once; what is asked and what becomes of the answer is llm.ts and agent-model.ts. Invariants: one
 * attempt is one call; the rung's signal reaches the socket; tokens that were paid for are recorded before anything can be
 * refused; an answer that did not end well is an error, not half an answer.
 */
import {
  type BreakerOptions,
  type Duration,
  invalid,
  type LimitOptions,
  type RetryOptions,
  type Rung,
  type Schema,
  type StepContext,
} from "@plumbline/core";
import {
  type AssistantModelMessage,
  generateText,
  type LanguageModel,
  type ModelMessage,
  type OutputInterface,
  type ToolSet,
} from "ai";
import { type AnswerFormat, type AnswerMode, formatOf, readAnswer } from "./answer-format.ts";
import { type Asked, ModelError, modelErrorOf, retryableModelError } from "./model-error.ts";
import { costOf, type TokenPrice } from "./price.ts";
import { hashOf, type Question } from "./question.ts";

/** Messages of the AI SDK: texts, images, files. System texts go into `system`. */
export type PromptMessages = readonly ModelMessage[];

export interface LlmOptions<Needs> {
  /** The question, made from the needs. May read a file for it. */
  readonly prompt: (needs: Needs) => string | PromptMessages | Promise<string | PromptMessages>;
  /** What holds for every question: role, tone, rules. */
  readonly system?: string;
  /** The same for all attempts, or by attempt (1 is the step's first, counted over all rungs). Default: the provider's. */
  readonly temperature?: number | ((attempt: number) => number);
  /** An answer that is cut off here is an error, not half an answer. */
  readonly maxOutputTokens?: number;
  /** The prompt's version, recorded with the attempt. Raise the step's own `version` with it where answers are cached. */
  readonly version?: string;
  /** Names the rung. Default: the model's id. */
  readonly name?: string;
  readonly timeout?: Duration;
  /** Its `retryIf` is `retryableModelError` unless given. */
  readonly retry?: RetryOptions;
  readonly breaker?: BreakerOptions;
  /** How many calls may be under way, or begin in a while: of a GPU, or of an account with a rate. */
  readonly limit?: LimitOptions;
  /** Default: the public price list; what it does not know costs tokens and no dollars. */
  readonly price?: TokenPrice;
  /**
   * How the contract is asked for. Default: `text` when it is a free string, else `schema` (the provider's structured
   * output), else `prompted` (the JSON Schema in words) where the model says that it takes no schema.
   */
  readonly mode?: AnswerMode;
}

/** The model behind a rung. */
export interface Source {
  readonly model: LanguageModel;
  readonly asked: Asked;
  /** Becomes false when the provider warns that it dropped the schema: attempts after that say it in words. */
  takesSchema: boolean;
}

/** A rung around `attempt`, which is given the model. `maker` is how messages name the function that users called. */
export function modelRung<Given, Answer>(
  maker: string,
  model: LanguageModel,
  options: LlmOptions<never>,
  attempt: (source: Source, given: Given, context: StepContext) => Promise<Answer>,
): Rung<Given, Answer> {
  const asked = demandModelOptions(maker, model, options);
  const { timeout, breaker, limit } = options;
  const source: Source = { model, asked, takesSchema: saysItTakesSchema(model) };
  return {
    run: (given, context) => attempt(source, given, context),
    name: options.name ?? asked.model,
    retry: { ...options.retry, retryIf: options.retry?.retryIf ?? retryableModelError },
    ...defined({ timeout, breaker, limit }),
  };
}

/** The format in which a contract is asked for; says so where it cannot be asked for as a schema. */
export async function askedFormat(
  source: Source,
  { mode }: LlmOptions<never>,
  contract: Schema,
  context: StepContext,
): Promise<AnswerFormat> {
  const format = await formatOf(contract, { mode, takesSchema: source.takesSchema });
  if (format.undescribed !== undefined) {
    context.log(`the contract is asked for as JSON without a schema: ${format.undescribed}`);
  }
  return format;
}

/** What is sent. */
export interface Call {
  readonly question: Question;
  readonly format: AnswerFormat;
  /** Without `execute`: what a model asks for is handed on, and done elsewhere. */
  readonly tools?: ToolSet;
}

/** What came back. */
export interface Said {
  readonly text: string;
  readonly toolCalls: readonly { readonly toolCallId: string; readonly toolName: string; readonly input: unknown }[];
  /** The model's message as the AI SDK would send it again. */
  readonly content: AssistantModelMessage["content"];
}

/** Asks once, and records what was asked, what it cost and how it ended. */
export async function callModel(
  source: Source,
  options: LlmOptions<never>,
  { question, format, tools }: Call,
  context: StepContext,
): Promise<Said> {
  const { model, asked } = source;
  const temperature =
    typeof options.temperature === "function" ? options.temperature(context.attempt) : options.temperature;
  const evidence = {
    ...asked,
    promptHash: hashOf(question, tools),
    ...defined({ promptVersion: options.version, temperature }),
  };
  // Noted before the call too: what was asked is worth knowing most when no answer comes.
  context.note(evidence);
  context.signal.throwIfAborted();
  let text: string | undefined;
  const output = capturing(format, (complete) => {
    text = complete;
  });
  const call = {
    model,
    ...question,
    output,
    maxRetries: 0,
    abortSignal: context.signal,
    ...defined({ temperature, maxOutputTokens: options.maxOutputTokens, tools }),
  };
  const result = await generateText(call).catch((thrown: unknown) => {
    throw context.signal.aborted ? thrown : modelErrorOf(thrown, asked);
  });
  const { usage, finishReason, response } = result;
  const cost = costOf(usage, { provider: asked.provider, model: response.modelId }, options.price);
  if (Object.keys(cost).length > 0) context.spend(cost);
  context.note({
    ...evidence,
    finishReason,
    ...defined({
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      // The AI SDK makes up an id where the provider gave none, and repeats our model where it named none.
      responseId: response.id.startsWith("aitxt-") ? undefined : response.id,
      answeredModel: response.modelId === asked.model ? undefined : response.modelId,
    }),
  });
  for (const warning of result.warnings ?? []) {
    context.log("the provider warns", { warning: JSON.stringify(warning) });
    if (warning.type === "unsupported" && warning.feature === "responseFormat") source.takesSchema = false;
  }
  demandEnd(finishReason, asked, usage.outputTokens);
  const message = response.messages.find(({ role }) => role === "assistant") as AssistantModelMessage | undefined;
  return { text: text ?? result.text, toolCalls: result.toolCalls, content: message?.content ?? "" };
}

/**
 * An output of the AI SDK that only takes the text: its own outputs validate, and throw away what does not fit. The text
 * is taken here and not from the result, because some providers keep a structured answer apart from what they say.
 */
function capturing(format: AnswerFormat, take: (text: string) => void): OutputInterface<string, string, never> {
  return {
    name: "plumbline",
    responseFormat: Promise.resolve(format.responseFormat),
    async parseCompleteOutput({ text }) {
      take(text);
      return text;
    },
    async parsePartialOutput({ text }) {
      return { partial: text };
    },
    createElementStreamTransform: () => undefined,
  };
}

function demandEnd(finishReason: string, asked: Asked, outputTokens: number | undefined): void {
  switch (finishReason) {
    case "length": {
      const limit = outputTokens === undefined ? "" : ` after ${outputTokens} tokens`;
      throw new ModelError(
        "model-length",
        `the answer was cut off${limit}: raise maxOutputTokens or ask for less`,
        asked,
      );
    }
    case "content-filter":
      throw new ModelError("model-filtered", "the provider's content filter stopped the answer", asked);
    case "error":
    case "interrupted":
      throw new ModelError("model-interrupted", `the answer did not end well: ${finishReason}`, asked);
    default:
      // `stop` and `tool-calls`; also `other`, which local servers give for an ordinary end.
      return;
  }
}

/** A text as a value that the contract can judge. */
export async function judgeable(
  text: string,
  format: AnswerFormat,
  contract: Schema,
  { asked }: Source,
): Promise<unknown> {
  if (text.trim() === "") throw new ModelError("model-empty", "the answer holds no text", asked);
  const { value, notJson } = readAnswer(text, format);
  if (notJson === undefined || format.undescribed !== undefined) return value;
  // A contract that takes an object or a text would take garbage for the text. All others refuse it with a reason.
  if (!(await takes(contract, value))) return value;
  throw new ModelError("model-not-json", `asked for JSON, and the answer is not: ${notJson}`, asked);
}

async function takes(contract: Schema, value: unknown): Promise<boolean> {
  try {
    return (await contract["~standard"].validate(value)).issues === undefined;
  } catch {
    // A schema that throws is a broken contract: the core says so in its own words.
    return false;
  }
}

/** Models of OpenAI-compatible servers say whether they take a schema; others of the AI SDK find a way for one. */
function saysItTakesSchema(model: LanguageModel): boolean {
  return (
    typeof model === "string" || (model as { supportsStructuredOutputs?: unknown }).supportsStructuredOutputs !== false
  );
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function demandModelOptions(maker: string, model: LanguageModel, options: LlmOptions<never>): Asked {
  const id = typeof model === "string" ? model : model?.modelId;
  if (typeof id !== "string" || id === "") throw invalid(`${maker}.model`, "a language model of the AI SDK", model);
  if (typeof options?.prompt !== "function") {
    throw invalid(`${maker}.prompt`, "a function of the needs that gives a text or messages", options?.prompt);
  }
  const { mode, price } = options;
  if (mode !== undefined && !["schema", "prompted", "text"].includes(mode)) {
    throw invalid(`${maker}.mode`, '"schema", "prompted" or "text"', mode);
  }
  if (price !== undefined && !(price.inputPerMillion >= 0 && price.outputPerMillion >= 0)) {
    throw invalid(`${maker}.price`, "{ inputPerMillion, outputPerMillion }, numbers from 0", price);
  }
  // A bare id is resolved by the AI SDK at the call, through its default provider.
  return { provider: typeof model === "string" ? "default" : model.provider, model: id };
}
