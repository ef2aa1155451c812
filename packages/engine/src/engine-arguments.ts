/**
 * What callers pass to an engine, checked where it comes in: Node strips types, and JavaScript has none.
 *
 * Boundary: names, texts and known words; contracts of inputs and decisions are judged elsewhere. Invariant: what is
 * recorded or asked of a store is of the shape that the port declares, and nothing that was asked is ignored (rule 33).
 */
import {
  type DecisionRequest,
  demandOptions,
  describe,
  type Flow,
  type ListQuery,
  optionsOf,
  PlumblineError,
  type SignalRequest,
  type StartOptions,
} from "@plumbline/core";
import { outcomes, statuses } from "./stores/sqlite-schema.ts";

const startOptions = optionsOf<StartOptions>({ key: true });
const cancelOptions = ["by", "reason"];
const decisionFields = optionsOf<DecisionRequest>({
  run: true,
  decision: true,
  path: true,
  by: true,
  id: true,
  note: true,
});
const signalFields = optionsOf<SignalRequest>({ run: true, name: true, value: true, by: true, id: true });
const queryFields = optionsOf<ListQuery>({
  flow: true,
  status: true,
  outcome: true,
  degraded: true,
  key: true,
  parent: true,
  topLevel: true,
  desk: true,
  limit: true,
  cursor: true,
});

const maxKeyLength = 500;

/**
 * A key that was misspelled would start a run twice. A key is text that comes back from every store as it is (rule 33).
 * @throws PlumblineError `option-invalid`
 */
export function demandStart(flow: Pick<Flow<never>, "name"> | string, options: StartOptions): void {
  demandOptions("start", options, startOptions);
  const { key } = options;
  if (key === undefined) return;
  const good = typeof key === "string" && key.length > 0 && key.length <= maxKeyLength;
  if (good && key.isWellFormed() && !key.includes("\0")) return;
  throw new PlumblineError("option-invalid", "a key that has no meaning", {
    path: `${typeof flow === "string" ? flow : flow?.name} key`,
    expected: `text of 1 to ${maxKeyLength} characters, without NUL and lone surrogates`,
    found: describe(key),
    mend: "use an id of the request, or a hash of what makes it unique",
  });
}

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
  demandOptions("decide", request, decisionFields);
  const given = request as Record<string, unknown>;
  demandRun(given["run"]);
  for (const name of ["path", "by", "id", "note"] as const) demandText(given[name], `decide.${name}`);
}

/** @throws PlumblineError `option-invalid` */
export function demandSignal(request: unknown): asserts request is SignalRequest {
  if (typeof request !== "object" || request === null) {
    refuse("signal", "{ run, name, value, by?, id? }", request, "pass one object");
  }
  demandOptions("signal", request, signalFields);
  const given = request as Record<string, unknown>;
  demandRun(given["run"]);
  if (given["name"] === undefined)
    refuse("signal.name", "the name of a signal of the flow", undefined, "say which signal");
  for (const name of ["name", "by", "id"] as const) demandText(given[name], `signal.${name}`);
}

/** @throws PlumblineError `option-invalid` */
export function demandCancel(run: unknown, options: { readonly by?: unknown; readonly reason?: unknown }): void {
  demandRun(run);
  demandOptions("cancel", options, cancelOptions);
  demandText(options.by, "cancel.by");
  demandText(options.reason, "cancel.reason");
}

/** @throws PlumblineError `option-invalid` */
export function demandQuery(query: ListQuery): void {
  demandOptions("list", query, queryFields);
  for (const name of ["flow", "key", "parent", "desk", "cursor"] as const) demandText(query[name], `list.${name}`);
  demandWord(query.status, statuses, "list.status");
  demandWord(query.outcome, outcomes, "list.outcome");
  demandFlag(query.degraded, "list.degraded");
  demandFlag(query.topLevel, "list.topLevel");
}

function demandText(value: unknown, path: string): void {
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  refuse(path, "a text that is not empty, or nothing", value, "pass a text, or leave it out");
}

function demandFlag(value: unknown, path: string): void {
  if (value === undefined || typeof value === "boolean") return;
  refuse(path, "true or false", value, "use one of these, or leave it out");
}

function demandWord(value: unknown, words: readonly string[], path: string): void {
  if (value === undefined || words.includes(value as string)) return;
  refuse(path, `one of ${words.join(", ")}`, value, "use one of these words, or leave it out");
}

function refuse(path: string, expected: string, found: unknown, mend: string): never {
  throw new PlumblineError("option-invalid", "not what this takes", { path, expected, found: describe(found), mend });
}
