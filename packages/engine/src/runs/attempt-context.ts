/**
 * What user code is given beside its needs, and what it leaves behind.
 *
 * Boundary: one attempt (or one undo) and its record; when it runs and what its result means is attempt.ts.
 * Invariants: everything it collects is bounded (rule 32); nothing is made before it is asked for, so that a step that
 * uses none of it pays for none of it; after the attempt has ended, calls change nothing, but what is spent counts: each
 * amount is given to one entry.
 */
import type { AttemptRecord, Cost, LogLine, Previous, Schema, StepContext } from "@plumbline/core";
import { clip, describe } from "@plumbline/core";

const maxLogLines = 100;
const maxLogLength = 1_000;
const maxEvidence = 50;
const maxLogFields = 20;
const maxKeyLength = 100;
/** Sums of a run stay numbers that every store can keep. */
const maxAmount = 1e12;

/** Whose context it is. */
export interface ContextFacts {
  readonly runId: string;
  readonly path: string;
  readonly rung: number;
  readonly attempt: number;
  readonly contract: Schema;
  readonly elapsedMs: number;
  previous(): Previous | undefined;
  onProgress(fraction: number, note: string | undefined): void;
}

type Evidence = Record<string, string | number | boolean>;

export class AttemptContext implements StepContext {
  private readonly facts: ContextFacts;
  private controller: AbortController | undefined;
  private abortReason: unknown;
  private aborted = false;
  private ended = false;
  private usd = 0;
  private tokens = 0;
  private lines: LogLine[] | undefined;
  private evidence: Evidence | undefined;
  private readPrevious: { readonly value: Previous | undefined } | undefined;

  constructor(facts: ContextFacts) {
    this.facts = facts;
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  get attempt(): number {
    return this.facts.attempt;
  }

  get rung(): number {
    return this.facts.rung;
  }

  get runId(): string {
    return this.facts.runId;
  }

  get path(): string {
    return this.facts.path;
  }

  get contract(): Schema {
    return this.facts.contract;
  }

  get previous(): Previous | undefined {
    this.readPrevious ??= { value: this.facts.previous() };
    return this.readPrevious.value;
  }

  get idempotencyKey(): string {
    return idempotencyKey(this.facts.runId, this.facts.path, this.facts.rung);
  }

  get attemptId(): string {
    return `${this.idempotencyKey}#${this.facts.attempt}`;
  }

  /** Getters give closures, so that user code may take the functions out of the context. */
  get progress(): StepContext["progress"] {
    return (fraction, note) => {
      if (this.ended || !(fraction >= 0)) return;
      this.facts.onProgress(Math.min(1, fraction), note === undefined ? undefined : clip(textOf(note), 200));
    };
  }

  get log(): StepContext["log"] {
    return (message, fields) => {
      if (this.ended) return;
      this.lines ??= [];
      if (this.lines.length >= maxLogLines) return;
      const last = this.lines.length === maxLogLines - 1;
      const text = last ? "… further lines were not kept" : clip(textOf(message), maxLogLength);
      const kept = fields && !last ? { fields: plainFields(fields) } : {};
      this.lines.push({ ms: Math.round(this.facts.elapsedMs), message: text, ...kept });
    };
  }

  get spend(): StepContext["spend"] {
    return (cost: Cost) => {
      this.usd = Math.min(this.usd + amount(cost?.usd), maxAmount);
      this.tokens = Math.min(this.tokens + amount(cost?.tokens), maxAmount);
    };
  }

  get note(): StepContext["note"] {
    return (evidence) => {
      if (this.ended) return;
      this.evidence ??= {};
      for (const [key, value] of entriesOf(evidence)) {
        if (Object.keys(this.evidence).length >= maxEvidence) return;
        if (typeof value === "string") this.evidence[key] = clip(value, maxLogLength);
        else if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
          this.evidence[key] = value;
      }
    };
  }

  /** Tells user code that its answer is no longer wanted. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.abortReason = reason;
    this.controller?.abort(reason);
  }

  get isAborted(): boolean {
    return this.aborted;
  }

  /** What was spent and not taken before. */
  takeCost(): Pick<AttemptRecord, "cost"> {
    if (this.usd === 0 && this.tokens === 0) return nothingLeft;
    const cost = { usd: this.usd, tokens: this.tokens };
    this.usd = 0;
    this.tokens = 0;
    return { cost };
  }

  /** Closes the attempt and gives what it left behind. */
  end(): Pick<AttemptRecord, "cost" | "log" | "evidence"> {
    this.ended = true;
    if (this.usd === 0 && this.tokens === 0 && !this.lines && !this.evidence) return nothingLeft;
    return {
      ...this.takeCost(),
      ...(this.lines ? { log: this.lines } : {}),
      ...(this.evidence ? { evidence: this.evidence } : {}),
    };
  }
}

export const nothingLeft: Pick<AttemptRecord, "cost" | "log" | "evidence"> = {};

/** The same for all attempts of one rung of one step in one run (rule 6). */
export function idempotencyKey(run: string, path: string, rung: number): string {
  return `${run}:${path}:${rung}`;
}

function amount(value: number | undefined): number {
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : 0;
}

function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = entriesOf(fields)
    .slice(0, maxLogFields)
    .map(([key, value]) => {
      const plain =
        typeof value === "boolean" || value === null || (typeof value === "number" && Number.isFinite(value));
      return [key, plain ? value : clip(typeof value === "string" ? value : safeText(value), maxLogLength)];
    });
  return Object.fromEntries(kept);
}

/** What user code says beside its answer must not be able to fail it: what cannot be read is said to be so. */
function entriesOf(fields: unknown): [key: string, value: unknown][] {
  try {
    return Object.entries(fields as object).map(([key, value]) => [clip(key, maxKeyLength), value]);
  } catch {
    return [["unreadable", "fields that cannot be read"]];
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : describe(value);
}

function safeText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? describe(value);
  } catch {
    return "a value that cannot be written down";
  }
}
