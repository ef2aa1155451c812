/**
 * What several kinds of entries have in common.
 *
 * Boundary: shapes only, for entries.ts and those who make entries. Invariant: plain JSON.
 */
import type { Cost } from "./rung.ts";

export interface Said<Kind extends string> {
  readonly kind: Kind;
  readonly at: number;
}

export interface SaidOfSlot<Kind extends string> extends Said<Kind> {
  readonly slot: number;
}

/** A line that user code logged, `ms` after its attempt began. */
export interface LogLine {
  readonly ms: number;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What an attempt leaves behind, however it ended. */
export interface AttemptRecord {
  readonly rung: number;
  readonly attempt: number;
  readonly ms: number;
  readonly cost?: Cost;
  readonly log?: readonly LogLine[];
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
  /** Fields that the schema stripped, as paths into the answer. */
  readonly dropped?: readonly string[];
}

/** Where an answer that was not made now came from. */
export interface Provenance {
  readonly run: string;
  readonly path: string;
  readonly at: number;
}
