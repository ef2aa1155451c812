/** The door of `@plumbline/ai`: model calls as rungs of a ladder, and as what an agent is run by. */
export { type AgentModelOptions, agentModel } from "./agent-model.ts";
export { llm } from "./llm.ts";
export { ModelError, type ModelErrorCode, retryableModelError } from "./model-error.ts";
export type { LlmOptions, PromptMessages } from "./model-rung.ts";
export type { TokenPrice } from "./price.ts";
