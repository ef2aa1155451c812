/**
 * `llm`: a model call as a rung of a ladder.
 *
 * Boundary: asks one model once and hands back what it wrote; contract, checks, retries, timeouts and breakers are the
 * core's. Invariants: one attempt is one call; the rung's signal reaches the socket; tokens that were paid for are
 * recorded before the answer can be refused; no value is judged here, so that broken ones become feedback.
 */
import {
  type BreakerOptions,
  type Duration,
  invalid,
  type RetryOptions,
  type Rung,
  type Schema,
  type StepContext,
} from "@plumbline/core";
import { generateText, type LanguageModel, type ModelMessage, type OutputInterface } from "ai";
import { type AnswerFormat, type AnswerMode, formatOf, readAnswer } from "./answer-format.ts";
import { type Asked, ModelError, modelErrorOf, retryableModelError } from "./model-error.ts";
import { costOf, type TokenPrice } from "./price.ts";
import { hashOf, questionOf } from "./question.ts";

/** Messages of the AI SDK: texts, images, files. System texts go into `system`. */
export type PromptMessages = readonly ModelMessage[];

export interface LlmOptions<Needs> {
  /** The question, made from the step's needs. May read a file for it. */
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
  /** Default: the public price list; what it does not know costs tokens and no dollars. */
  readonly price?: TokenPrice;
  /**
   * How the contract is asked for. Default: `text` when it is a free string, else `schema` (the provider's structured
   * output), else `prompted` (the JSON Schema in words) where the model says that it takes no schema.
   */
  readonly mode?: AnswerMode;
}

/**
 * A rung that asks `model` for the step's value. The contract is asked for as JSON Schema; what comes back is held to it
 * by the engine, and the next attempt is told what was wrong.
 *
 * `Answer` is whatever the contract around it wants, because it is made at run time and judged there; a rung made apart
 * from a step fits any contract.
 *
 * @throws PlumblineError `option-invalid` for a model or option that has no meaning
 * @throws ModelError when an attempt runs: HTTP errors with their `status`, answers that are cut off, filtered or empty
 * @example
 * ```ts
 * $.step("summarise", { needs: { fields }, output: Summary })
 *   .by(llm(primary, { prompt: ({ fields }) => `Summarise ${JSON.stringify(fields)}` }), template(plainSummary));
 * ```
 */
export function llm<Needs, Answer = never>(model: LanguageModel, options: LlmOptions<Needs>): Rung<Needs, Answer> {
  const asked = demandOptions(model, options);
  const { timeout, breaker } = options;
  const source: Source = { model, asked, takesSchema: saysItTakesSchema(model) };
  return {
    // The contract has yet to judge what a model says: this is the one place where its type is taken on trust.
    run: async (needs, context) => (await attempt(source, options, needs, context)) as Answer,
    name: options.name ?? asked.model,
    retry: { ...options.retry, retryIf: options.retry?.retryIf ?? retryableModelError },
    ...(timeout === undefined ? {} : { timeout }),
    ...(breaker === undefined ? {} : { breaker }),
  };
}

/** The model behind a rung. */
interface Source {
  readonly model: LanguageModel;
  readonly asked: Asked;
  /** Becomes false when the provider warns that it dropped the schema: attempts after that say it in words. */
  takesSchema: boolean;
}

async function attempt<Needs>(
  source: Source,
  options: LlmOptions<Needs>,
  needs: Needs,
  context: StepContext,
): Promise<unknown> {
  const { model, asked } = source;
  const format = await formatOf(context.contract, { mode: options.mode, takesSchema: source.takesSchema });
  if (format.undescribed !== undefined) {
    context.log(`the contract is asked for as JSON without a schema: ${format.undescribed}`);
  }
  const question = questionOf(await options.prompt(needs), options.system, format, context.previous);
  const temperature =
    typeof options.temperature === "function" ? options.temperature(context.attempt) : options.temperature;
  const evidence = {
    ...asked,
    promptHash: hashOf(question),
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
    ...defined({ temperature, maxOutputTokens: options.maxOutputTokens }),
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
  return judgeable(text ?? result.text, format, context.contract, asked);
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
      // `stop`; also `other`, which local servers give for an ordinary end.
      return;
  }
}

async function judgeable(text: string, format: AnswerFormat, contract: Schema, asked: Asked): Promise<unknown> {
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

function demandOptions(model: LanguageModel, options: LlmOptions<never>): Asked {
  const id = typeof model === "string" ? model : model?.modelId;
  if (typeof id !== "string" || id === "") throw invalid("llm.model", "a language model of the AI SDK", model);
  if (typeof options?.prompt !== "function") {
    throw invalid("llm.prompt", "a function of the needs that gives a text or messages", options?.prompt);
  }
  const { mode, price } = options;
  if (mode !== undefined && !["schema", "prompted", "text"].includes(mode)) {
    throw invalid("llm.mode", '"schema", "prompted" or "text"', mode);
  }
  if (price !== undefined && !(price.inputPerMillion >= 0 && price.outputPerMillion >= 0)) {
    throw invalid("llm.price", "{ inputPerMillion, outputPerMillion }, numbers from 0", price);
  }
  // A bare id is resolved by the AI SDK at the call, through its default provider.
  return { provider: typeof model === "string" ? "default" : model.provider, model: id };
}
