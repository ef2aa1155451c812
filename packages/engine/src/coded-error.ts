// Job: the one shape of an error in this room: a literal code, where it happened, and how to mend it (rule 33).
// Boundary: knows nothing of what failed. Invariant: a field without a value is absent, never undefined.

/** Everything an error says besides its message. */
export interface ErrorFields {
  readonly path?: string | readonly (string | number)[];
  readonly expected?: string;
  readonly found?: string;
  readonly mend?: string;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** An error that code can tell apart by `code` and people can act on by `mend`. */
export class CodedError extends Error {
  readonly code: string;
  declare readonly path?: string | readonly (string | number)[];
  declare readonly expected?: string;
  declare readonly found?: string;
  declare readonly mend?: string;
  declare readonly details?: unknown;

  constructor(code: string, message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "CodedError";
    this.code = code;
    if (fields.path !== undefined) this.path = fields.path;
    if (fields.expected !== undefined) this.expected = fields.expected;
    if (fields.found !== undefined) this.found = fields.found;
    if (fields.mend !== undefined) this.mend = fields.mend;
    if (fields.details !== undefined) this.details = fields.details;
  }
}

/** The `code` of anything thrown, or undefined when it carries none. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { code } = thrown as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}
