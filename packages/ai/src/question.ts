/**
 * The question as it is sent: system text, prompt, and what was wrong with an earlier answer.
 *
 * Boundary: puts texts together; calls nothing. Invariants: what is added is bounded, whatever a model wrote before; the
 * hash covers all that is sent as text or bytes, so that two attempts with one hash were asked the same.
 */
import { createHash } from "node:crypto";
import { clip, type Previous } from "@plumbline/core";
import type { ModelMessage } from "ai";
import { type AnswerFormat, readAnswer } from "./answer-format.ts";

/** As the AI SDK's `generateText` takes it. */
export interface Question {
  readonly instructions?: string;
  readonly prompt: string | ModelMessage[];
}

const maxReasons = 20;
const maxReasonLength = 300;
const maxValueLength = 4_000;

/** The question of one attempt; `again` is what is asked for where an earlier answer was refused. */
export function questionOf(
  written: string | readonly ModelMessage[],
  system: string | undefined,
  format: AnswerFormat,
  previous: Previous | undefined,
  again = "Answer again, in full, with these faults mended.",
): Question {
  const instructions = [system, format.instruction].filter((part) => part !== undefined).join("\n\n");
  const feedback = feedbackOn(previous, format, again);
  const prompt =
    typeof written === "string"
      ? [written, feedback].filter((part) => part !== undefined).join("\n\n")
      : [...written, ...(feedback === undefined ? [] : [{ role: "user" as const, content: feedback }])];
  return { ...(instructions === "" ? {} : { instructions }), prompt };
}

/**
 * What was wrong before, in words for the model; undefined when nothing was, or when it was not the answer's fault.
 * Speaks of "an earlier answer", because it may have been another rung's.
 */
function feedbackOn(previous: Previous | undefined, format: AnswerFormat, again: string): string | undefined {
  if (previous === undefined) return undefined;
  const reasons = reasonsOf(previous, format).slice(0, maxReasons);
  if (reasons.length === 0) return undefined;
  const lines = ["An earlier answer was refused:", ...reasons.map((reason) => `- ${clip(reason, maxReasonLength)}`)];
  if (previous.value !== undefined) lines.push("", "The refused answer:", shown(previous.value));
  lines.push("", again);
  return lines.join("\n");
}

function reasonsOf({ value, reasons, failure }: Previous, format: AnswerFormat): readonly string[] {
  if (failure.code === "model-length") return ["it was too long and was cut off: be briefer"];
  if (failure.code === "model-not-json") return ["it was not JSON"];
  // A backend that is down, a timeout: nothing was answered, so there is nothing to mend.
  if (failure.kind !== "contract") return [];
  // The contract only saw a text where it wanted something else; what helps is to know that it could not be read.
  const unread = format.kind === "json" && typeof value === "string" ? readAnswer(value, format).notJson : undefined;
  return unread === undefined ? reasons : [`it was not valid JSON: ${unread}`, ...reasons];
}

function shown(value: unknown): string {
  if (typeof value === "string") return clip(value, maxValueLength);
  try {
    return clip(JSON.stringify(value) ?? String(value), maxValueLength);
  } catch {
    // A bigint or a circle: no model wrote it, so there is nothing to learn from it.
    return "(a value that cannot be shown as JSON)";
  }
}

/** A short fingerprint of what is sent, tools too where there are some, for telling prompts apart in a journal. */
export function hashOf(question: Question, tools?: object): string {
  const sent = [question.instructions ?? "", question.prompt, ...(tools === undefined ? [] : [tools])];
  const text = JSON.stringify(sent, (_key, value) =>
    value instanceof Uint8Array ? createHash("sha256").update(value).digest("hex") : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
