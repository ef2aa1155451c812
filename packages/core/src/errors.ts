/**
 * Errors as the user meets them, and failures as the journal keeps them.
 *
 * Boundary: says what went wrong and how to mend it; never decides what happens next (retry.ts and decide.ts do).
 * Invariants: every error carries a literal `code`; a `Failure` is plain JSON, so that it can be an entry's field;
 * turning a thrown thing into a failure never throws, whatever was thrown.
 */

/** Every code that Plumbline itself gives to an error. Codes are never renamed. */
export type ErrorCode =
  // definition of a flow
  | "flow-invalid"
  | "step-without-rung"
  | "step-duplicate"
  | "step-unread"
  | "need-unknown"
  | "need-cycle"
  | "reference-foreign"
  | "reference-as-value"
  | "reference-path"
  | "contract-missing"
  | "option-invalid"
  | "duration-invalid"
  | "version-missing"
  // values at a boundary
  | "input-invalid"
  | "decision-invalid"
  | "value-refused"
  // runs
  | "run-unknown"
  | "run-held"
  | "run-forgotten"
  | "run-fault"
  | "flow-unknown"
  | "key-conflict"
  | "approval-unknown"
  | "approval-early"
  | "approval-ambiguous"
  | "decision-conflict"
  | "signal-unknown"
  | "signal-invalid"
  | "signal-overflow"
  | "queue-full"
  | "watch-too-slow"
  // engine and store
  | "engine-closed"
  | "store-failed"
  | "store-newer"
  | "store-owned"
  | "ownership-lost"
  | "ownership-timeout"
  | "ownership-unwritable"
  | "ownership-side-file"
  | "ownership-locks"
  | "ownership-unstable"
  | "database-path"
  | "database-folder"
  | "database-hard-linked"
  // between processes
  | "command-no-owner"
  | "command-forbidden"
  | "command-closing"
  | "command-closed"
  | "command-protocol"
  | "command-busy"
  | "command-owner-gone"
  | "command-timeout"
  | "command-still-served"
  | "command-place"
  | "command-frame-too-large"
  | "command-not-json"
  | "command-not-a-stream"
  | "command-bad-frame"
  | "command-slow-watcher"
  | "command-cancelled"
  | "command-client-gone"
  | "internal"
  | "journal-broken";

/** What an error adds to its message. `path` names the step or the place in a value; `mend` says what to do. */
export interface ErrorDetails {
  readonly path?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly mend?: string;
  /** Facts for programs, as plain data. */
  readonly details?: unknown;
  readonly cause?: unknown;
}

/**
 * The only error class that Plumbline throws. The message reads as one sentence each: what, expected, found, mend.
 *
 * @example `catch (error) { if (error instanceof PlumblineError && error.code === "key-conflict") ... }`
 */
export class PlumblineError extends Error {
  override readonly name = "PlumblineError";
  readonly code: ErrorCode;
  /** The message's first line alone, without path and code. */
  readonly what: string;
  readonly path: string | undefined;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly mend: string | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(sentence(code, what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.what = what;
    this.path = details.path;
    this.expected = details.expected;
    this.found = details.found;
    this.mend = details.mend;
    this.details = details.details;
  }
}

/** The `code` of anything thrown, or undefined when it carries none. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { code } = thrown as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

function sentence(code: ErrorCode, what: string, { path, expected, found, mend }: ErrorDetails): string {
  const lines = [path === undefined ? `${what} [${code}]` : `${path}: ${what} [${code}]`];
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (found !== undefined) lines.push(`  found:    ${found}`);
  if (mend !== undefined) lines.push(`  mend:     ${mend}`);
  return lines.join("\n");
}

/**
 * Thrown by an effect that knows it changed nothing: the attempt is a plain failure and not in doubt (rule 7).
 *
 * @example `if (response.status === 422) throw new NotApplied("the bank refused the booking");`
 */
export class NotApplied extends Error {
  override readonly name = "NotApplied";
}

/** Why an attempt, a step or a run failed. */
export type FailureKind =
  | "error"
  | "timeout"
  | "contract"
  | "value"
  | "not-applied"
  | "aborted"
  | "lost"
  | "crashed"
  | "breaker-open"
  | "nothing-good"
  | "need"
  | "predicate"
  | "in-doubt"
  | "scope"
  | "quorum"
  | "limit"
  | "call"
  | "deadline"
  | "cancelled";

/** A failure as plain data. `fields` holds what the thrown error carried beside message, stack and cause. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly name?: string;
  readonly code?: string;
  readonly stack?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: Failure;
  /** For kind `scope`: the step inside that failed, items by their place in the whole array. */
  readonly path?: string;
  /** For kind `contract`: what each broken rule said, with the place in the value. */
  readonly reasons?: readonly string[];
}

const maxStackLength = 4_000;
const maxMessageLength = 2_000;
const maxNameLength = 200;
const maxFields = 20;
const maxCauses = 5;

/**
 * What was thrown, as data: message, stack, cause and custom fields are kept, all bounded. Thrown non-errors are
 * described. Never throws, even for a hostile object with throwing getters.
 */
export function failureOf(thrown: unknown, kind: FailureKind = "error", depth = 0): Failure {
  try {
    if (!(thrown instanceof Error)) {
      return { kind, message: clip(`thrown: ${describe(thrown)}`, maxMessageLength) };
    }
    const found = thrown instanceof NotApplied ? "not-applied" : kind;
    const { code, ...fields } = ownFields(thrown);
    return {
      kind: found,
      message: clip(String(thrown.message), maxMessageLength),
      name: clip(String(thrown.name), maxNameLength),
      ...(typeof code === "string" || typeof code === "number" ? { code: clip(String(code), maxNameLength) } : {}),
      ...(typeof thrown.stack === "string" ? { stack: clip(thrown.stack, maxStackLength) } : {}),
      ...(Object.keys(fields).length > 0 ? { fields } : {}),
      ...(thrown.cause !== undefined && depth < maxCauses ? { cause: failureOf(thrown.cause, kind, depth + 1) } : {}),
    };
  } catch {
    return { kind, message: "thrown: an object that cannot be read" };
  }
}

function ownFields(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error).slice(0, maxFields)) {
    if (key === "name" || key === "message" || key === "stack" || key === "cause" || key === "__proto__") continue;
    const value = (error as unknown as Record<string, unknown>)[key];
    const kept = typeof value === "string" || typeof value === "boolean" || value === null || isFiniteNumber(value);
    fields[clip(key, maxNameLength)] = kept
      ? typeof value === "string"
        ? clip(value, maxMessageLength)
        : value
      : describe(value);
  }
  return fields;
}

function isFiniteNumber(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

/** A value in a few words, for messages: never its whole content, never a throw. */
export function describe(value: unknown): string {
  try {
    const label = (value as { [referenceKey]?: { label: string } } | null | undefined)?.[referenceKey]?.label;
    return clip(label === undefined ? inWords(value) : `the reference ${label}`, maxNameLength);
  } catch {
    return "an object that cannot be read";
  }
}

/** Where references keep what they are (reference.ts, which needs this file and not the other way round). */
const referenceKey = Symbol.for("plumbline.reference");

function inWords(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case "string":
      return JSON.stringify(clip(value, 80));
    case "object": {
      const name = Object.getPrototypeOf(value)?.constructor?.name;
      if (name !== undefined && name !== "Object") return `an instance of ${name}`;
      return `an object with ${Object.keys(value).slice(0, 6).join(", ") || "no keys"}`;
    }
    case "function":
      return `a function${value.name ? ` ${value.name}` : ""}`;
    case "bigint":
      return `${value}n`;
    default:
      return String(value);
  }
}

/** At most `length` characters, the cut marked. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
