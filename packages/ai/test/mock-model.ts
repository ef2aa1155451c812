// The AI SDK's mock model with a script of turns: texts, and calls of tools. What it was asked is in `doGenerateCalls`.
import type { LanguageModelV4Content, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { MockLanguageModelV4 } from "ai/test";

export interface MockCall {
  readonly id: string;
  readonly tool: string;
  /** As the model wrote it: a text, which may be no JSON. */
  readonly input: string;
  readonly signature?: SharedV4ProviderMetadata;
}

export interface MockTurn {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly MockCall[];
}

export function mockModel(modelId: string, ...turns: readonly MockTurn[]): MockLanguageModelV4 {
  const results = turns.map(({ text, reasoning, calls = [] }) => {
    const content: LanguageModelV4Content[] = [
      ...(reasoning === undefined ? [] : [{ type: "reasoning" as const, text: reasoning }]),
      ...(text === undefined ? [] : [{ type: "text" as const, text }]),
      ...calls.map(({ id, tool, input, signature }) => ({
        type: "tool-call" as const,
        toolCallId: id,
        toolName: tool,
        input,
        ...(signature === undefined ? {} : { providerMetadata: signature }),
      })),
    ];
    return {
      content,
      finishReason: { unified: calls.length > 0 ? ("tool-calls" as const) : ("stop" as const), raw: undefined },
      warnings: [],
      usage: {
        inputTokens: { total: 10, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 5, text: undefined, reasoning: undefined },
      },
    };
  });
  return new MockLanguageModelV4({ provider: "local", modelId, doGenerate: results });
}
