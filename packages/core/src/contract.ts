/**
 * Holds a value to a contract: schema, then dropped fields, then named checks. Garbage is a failure.
 *
 * Boundary: runs the user's schema and checks on one value and says what is wrong with it; what follows from that is
 * decide.ts. Invariants: synchronous when schema and checks are (the hot path makes no promise); a schema or check that
 * throws is a broken contract, never an escaping error; recorded values are never judged again (rule 11).
 */
import { clip, describe, failureOf } from "./errors.ts";
import type { Schema } from "./rung.ts";
import type { Check } from "./step.ts";
import { isPlainObject, maxDepth } from "./values.ts";

export interface Contract {
  readonly schema: Schema;
  readonly checks: readonly (readonly [name: string, check: Check<never, never>])[];
  readonly onDropped: "record" | "fail";
}

/** `reasons` is empty when the contract holds; they are in words that can be handed back to a model. */
export interface Judgement {
  readonly value: unknown;
  readonly reasons: readonly string[];
  /** Fields that were given and are not in the value, as paths such as `.items[2].unit`. */
  readonly dropped: readonly string[];
}

const maxReasons = 20;
const maxDropped = 50;
const nothing: readonly string[] = [];

/** Judges `given`. The judgement's value is the schema's output. */
export function judge(contract: Contract, given: unknown, needs: unknown): Judgement | Promise<Judgement> {
  const threw = (error: unknown) => broken(given, [`the schema threw: ${messageOf(error)}`]);
  try {
    const result: unknown = contract.schema["~standard"].validate(given);
    if (!isPromise(result)) return afterSchema(contract, given, needs, result as SchemaResult);
    return result
      .then((settled) => afterSchema(contract, given, needs, settled as SchemaResult))
      .then(undefined, threw);
  } catch (error) {
    return threw(error);
  }
}

type SchemaResult =
  | { readonly issues?: undefined; readonly value: unknown }
  | { readonly issues: readonly Issue[]; readonly value?: undefined };
interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function afterSchema(
  contract: Contract,
  given: unknown,
  needs: unknown,
  result: SchemaResult,
): Judgement | Promise<Judgement> {
  if (result.issues) {
    const reasons = result.issues.slice(0, maxReasons).map(reasonOf);
    return broken(given, reasons.length > 0 ? reasons : ["the schema refused it without a reason"]);
  }
  const dropped = droppedFields(given, result.value);
  if (dropped.length > 0 && contract.onDropped === "fail") {
    return { value: given, reasons: [`fields that the contract does not have: ${dropped.join(", ")}`], dropped };
  }
  return runChecks(contract.checks, result.value, needs, dropped);
}

/** An issue of a schema as a reason: the place in the value first. */
export function reasonOf(issue: Issue): string {
  const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  const place = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return clip(place === "" ? issue.message : `${place}: ${issue.message}`, 500);
}

function runChecks(
  checks: Contract["checks"],
  value: unknown,
  needs: unknown,
  dropped: readonly string[],
): Judgement | Promise<Judgement> {
  if (checks.length === 0) return { value, reasons: nothing, dropped };
  const verdicts = checks.map(([name, check]) => runCheck(name, check as Check<unknown, unknown>, value, needs));
  const judged = (settled: readonly (string | undefined)[]): Judgement => {
    const reasons = settled.filter((reason) => reason !== undefined);
    return { value, reasons: reasons.slice(0, maxReasons), dropped };
  };
  return verdicts.some(isPromise) ? Promise.all(verdicts).then(judged) : judged(verdicts as (string | undefined)[]);
}

function runCheck(
  name: string,
  check: Check<unknown, unknown>,
  value: unknown,
  needs: unknown,
): string | undefined | Promise<string | undefined> {
  const read = (verdict: unknown) => {
    if (verdict === true) return undefined;
    if (verdict === false) return `check "${name}" did not hold`;
    if (typeof verdict === "string") return clip(`check "${name}": ${verdict}`, 500);
    return `check "${name}" gave ${describe(verdict)} instead of true, false or a reason`;
  };
  const threw = (error: unknown) => `check "${name}" threw: ${messageOf(error)}`;
  try {
    const verdict = check(value, needs);
    return isPromise(verdict) ? verdict.then(read, threw) : read(verdict);
  } catch (error) {
    return threw(error);
  }
}

/**
 * Fields of `given` that are missing in `kept`, compared where both are plain objects or arrays: what a schema stripped
 * on the way (rule 12). A part that a transform turned into something else is not looked into.
 */
export function droppedFields(given: unknown, kept: unknown): readonly string[] {
  if (given === kept || typeof given !== "object" || given === null || isFlatCopy(given, kept)) return nothing;
  const found: string[] = [];
  compare(given, kept, "", 0, { found, seen: new Set() });
  return found.length === 0 ? nothing : found;
}

/** What most schemas give for a flat object: nothing of it is missing, and there is nothing to look into. */
function isFlatCopy(given: object, kept: unknown): boolean {
  if (typeof kept !== "object" || kept === null || Array.isArray(given)) return false;
  for (const key in given) {
    if (!Object.hasOwn(kept, key)) return false;
    const part = (given as Record<string, unknown>)[key];
    if (typeof part === "object" && part !== (kept as Record<string, unknown>)[key]) return false;
  }
  return true;
}

/** `seen`: parts of what was kept that were looked into, so that shared parts and cycles cost nothing twice. */
type Search = { readonly found: string[]; readonly seen: Set<object> };

function compare(given: unknown, kept: unknown, path: string, depth: number, search: Search): void {
  const { found, seen } = search;
  if (given === kept || found.length >= maxDropped || depth > maxDepth) return; // deeper, it cannot be kept anyway
  if (typeof given !== "object" || given === null || typeof kept !== "object" || kept === null) return;
  if (seen.has(kept)) return;
  seen.add(kept);
  if (Array.isArray(given)) {
    if (!Array.isArray(kept) || kept.length !== given.length) return;
    for (let i = 0; i < given.length; i++) compare(given[i], kept[i], `${path}[${i}]`, depth + 1, search);
    return;
  }
  if (!isPlainObject(given) || !isPlainObject(kept)) return;
  for (const key of Object.keys(given)) {
    const part = (given as Record<string, unknown>)[key];
    if (Object.hasOwn(kept, key)) {
      compare(part, (kept as Record<string, unknown>)[key], `${path}.${key}`, depth + 1, search);
    } else if (part !== undefined && found.length < maxDropped) found.push(`${path}.${key}`);
  }
}

function broken(given: unknown, reasons: readonly string[]): Judgement {
  return { value: given, reasons, dropped: nothing };
}

function messageOf(error: unknown): string {
  return clip(error instanceof Error ? failureOf(error).message : describe(error), 300);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && typeof (value as Promise<unknown>).then === "function";
}
