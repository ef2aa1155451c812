/**
 * What a call cost, from the tokens that the provider counted.
 *
 * Boundary: numbers in, a `Cost` out; nothing is fetched, the price list comes with @pydantic/genai-prices. Invariant:
 * dollars are known or absent, never guessed: an unknown provider or model, or a missing count, gives tokens only.
 */
import type { Cost } from "@plumbline/core";
import { calcPrice } from "@pydantic/genai-prices";
import type { LanguageModelUsage } from "ai";

/** Your own price in US dollars per million tokens, for models that no public list knows. */
export interface TokenPrice {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/**
 * The AI SDK's provider names, up to the first dot, in the names of the price list. Written out, because the list's own
 * search takes any name that contains `openai` for OpenAI, a proxy on your own machine too.
 */
const listedProviders: Readonly<Record<string, string>> = {
  "amazon-bedrock": "aws",
  anthropic: "anthropic",
  azure: "azure",
  "azure-openai": "azure",
  bedrock: "aws",
  cerebras: "cerebras",
  cohere: "cohere",
  deepseek: "deepseek",
  fireworks: "fireworks",
  google: "google",
  groq: "groq",
  mistral: "mistral",
  moonshotai: "moonshotai",
  openai: "openai",
  openrouter: "openrouter",
  perplexity: "perplexity",
  togetherai: "together",
  vertex: "google",
  xai: "x-ai",
};

/** The cost of one call by the model that answered. */
export function costOf(
  usage: LanguageModelUsage,
  answered: { readonly provider: string; readonly model: string },
  own: TokenPrice | undefined,
): Cost {
  const { inputTokens, outputTokens } = usage;
  const tokens =
    usage.totalTokens ??
    (inputTokens === undefined && outputTokens === undefined ? undefined : (inputTokens ?? 0) + (outputTokens ?? 0));
  const usd = own === undefined ? listedPrice(usage, answered) : ownPrice(usage, own);
  return { ...(usd === undefined ? {} : { usd }), ...(tokens === undefined ? {} : { tokens }) };
}

function ownPrice({ inputTokens, outputTokens }: LanguageModelUsage, own: TokenPrice): number | undefined {
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  return (inputTokens * own.inputPerMillion + outputTokens * own.outputPerMillion) / 1_000_000;
}

function listedPrice(
  usage: LanguageModelUsage,
  answered: { readonly provider: string; readonly model: string },
): number | undefined {
  const providerId = listedProviders[answered.provider.split(".")[0] ?? ""];
  const { inputTokens, outputTokens, inputTokenDetails } = usage;
  if (providerId === undefined || inputTokens === undefined || outputTokens === undefined) return undefined;
  const counts = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cache_read_tokens: inputTokenDetails?.cacheReadTokens,
    cache_write_tokens: inputTokenDetails?.cacheWriteTokens,
  };
  try {
    return calcPrice(counts, answered.model, { providerId })?.total_price;
  } catch {
    // Counts that contradict each other (more cached tokens than there were) have no price.
    return undefined;
  }
}
