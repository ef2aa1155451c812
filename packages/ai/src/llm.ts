/**
 * `llm`: a model call as a rung of a ladder.
 *
 * Boundary: asks for one step's value and hands back what the model wrote; the call itself is model-rung.ts; contract, checks,
 * retries, timeouts and breakers are the core's. Invariant: no value is judged here, so that broken ones become feedback.
 */
import type { Rung } from "@plumbline/core";
import type { LanguageModel } from "ai";
import { askedFormat, callModel, judgeable, type LlmOptions, modelRung } from "./model-rung.ts";
import { questionOf } from "./question.ts";

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
  return modelRung("llm", model, options, async (source, needs: Needs, context) => {
    const { contract, previous } = context;
    const format = await askedFormat(source, options, contract, context);
    const question = questionOf(await options.prompt(needs), options.system, format, previous);
    const { text } = await callModel(source, options, { question, format }, context);
    // The contract has yet to judge what a model says: this is the one place where its type is taken on trust.
    return (await judgeable(text, format, contract, source)) as Answer;
  });
}
