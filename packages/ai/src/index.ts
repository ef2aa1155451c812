/** The door of `@plumbline/ai`: model calls as rungs of a ladder. */
export { type LlmOptions, llm, type PromptMessages } from "./llm.ts";
export { ModelError, type ModelErrorCode, retryableModelError } from "./model-error.ts";
export type { TokenPrice } from "./price.ts";
