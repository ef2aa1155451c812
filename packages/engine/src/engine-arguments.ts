/**
 * What callers pass to an engine, checked where it comes in: Node strips types, and JavaScript has none.
 *
 * Boundary: texts and known words; contracts of inputs and decisions are judged elsewhere. Invariant: what is recorded or
 * asked of a store is of the shape that the port declares (rule 33).
 */
import { type DecisionRequest, describe, type ListQuery, PlumblineError } from "@plumbline/core";
import { outcomes, statuses } from "./stores/sqlite-schema.ts";

/** A run's id. @throws PlumblineError `option-invalid` */
export function demandRun(run: unknown): asserts run is string {
  if (typeof run === "string" && run !== "") return;
  const isHandle = typeof run === "object" && run !== null && "id" in run;
  refuse("run", "the id of a run", run, isHandle ? "pass the run's id: `run.id`" : "pass the id that `start` gave");
}

/** @throws PlumblineError `option-invalid` */
export function demandDecision(request: unknown): asserts request is DecisionRequest {
  if (typeof request !== "object" || request === null) {
    refuse("decide", "{ run, decision, path?, by?, id?, note? }", request, "pass one object");
  }
  const given = request as Record<string, unknown>;
  demandRun(given["run"]);
  for (const name of ["path", "by", "id", "note"] as const) demandText(given[name], `decide.${name}`);
}

/** @throws PlumblineError `option-invalid` */
export function demandCancel(run: unknown, options: { readonly by?: unknown; readonly reason?: unknown }): void {
  demandRun(run);
  demandText(options.by, "cancel.by");
  demandText(options.reason, "cancel.reason");
}

/** @throws PlumblineError `option-invalid` */
export function demandQuery(query: ListQuery): void {
  for (const name of ["flow", "key", "desk", "cursor"] as const) demandText(query[name], `list.${name}`);
  demandWord(query.status, statuses, "list.status");
  demandWord(query.outcome, outcomes, "list.outcome");
}

function demandText(value: unknown, path: string): void {
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  refuse(path, "a text that is not empty, or nothing", value, "pass a text, or leave it out");
}

function demandWord(value: unknown, words: readonly string[], path: string): void {
  if (value === undefined || words.includes(value as string)) return;
  refuse(path, `one of ${words.join(", ")}`, value, "use one of these words, or leave it out");
}

function refuse(path: string, expected: string, found: unknown, mend: string): never {
  throw new PlumblineError("option-invalid", "not what this takes", { path, expected, found: describe(found), mend });
}
