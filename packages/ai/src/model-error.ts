/**
 * What went wrong with a model call, in fields that the journal keeps.
 *
 * Boundary: names failures of the call and of the answer as a whole; a value that breaks its contract is not an error
 * here but goes back to the contract. Invariants: every error carries a literal `code`, the provider and the model; an
 * HTTP status is always in `status`; whether another attempt makes sense is read from the failure alone, so that it can
 * be asked of a journal too.
 */
import { clip, type Failure } from "@plumbline/core";

/** Codes are never renamed. */
export type ModelErrorCode =
  /** The provider answered with an HTTP error: see `status`. */
  | "model-http"
  /** No answer came: connection refused, reset, or an answer that is not of the protocol. */
  | "model-unreached"
  /** Model, prompt or key are set up so that no call can succeed. */
  | "model-setup"
  /** Cut off at the output limit. */
  | "model-length"
  /** Stopped by the provider's content filter. */
  | "model-filtered"
  /** The provider reports an error or an interruption instead of an end. */
  | "model-interrupted"
  /** Ended well, with no text. */
  | "model-empty"
  /** Not JSON, under a contract that would have taken it for a text. */
  | "model-not-json";

/** Who was asked. */
export interface Asked {
  readonly provider: string;
  readonly model: string;
}

interface ModelErrorDetails {
  readonly status?: number | undefined;
  readonly retryAfter?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Thrown by the rungs that `llm` makes.
 *
 * @example `result.failure?.cause?.code === "model-http" && result.failure.cause.fields?.status === 401`
 */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  readonly provider: string;
  readonly model: string;
  // `declare`, so that a field that does not apply is absent and not recorded as "undefined".
  /** The HTTP status, where there was one. */
  declare readonly status?: number;
  /** The provider's Retry-After header as it came. */
  declare readonly retryAfter?: string;

  constructor(code: ModelErrorCode, what: string, asked: Asked, details: ModelErrorDetails = {}) {
    const message = `${asked.provider} ${asked.model}: ${what} [${code}]`;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.provider = asked.provider;
    this.model = asked.model;
    if (details.status !== undefined) this.status = details.status;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/** Errors of the AI SDK that the same call would meet again. */
const setupErrors = new Set([
  "AI_InvalidArgumentError",
  "AI_InvalidPromptError",
  "AI_LoadAPIKeyError",
  "AI_LoadSettingError",
  "AI_NoSuchModelError",
  "AI_NoSuchProviderError",
  "AI_UnsupportedFunctionalityError",
  "AI_UnsupportedModelVersionError",
]);

/** What the AI SDK threw, as a `ModelError` with the thrown error as its cause. */
export function modelErrorOf(thrown: unknown, asked: Asked): ModelError {
  const message = clip(thrown instanceof Error ? thrown.message : String(thrown), 500);
  const { name, statusCode, responseHeaders } = (thrown ?? {}) as {
    readonly name?: unknown;
    readonly statusCode?: unknown;
    readonly responseHeaders?: Readonly<Record<string, string>>;
  };
  if (typeof statusCode === "number") {
    // A status of success with an error means that the body was not of the protocol.
    if (statusCode < 400)
      return new ModelError("model-unreached", message, asked, { status: statusCode, cause: thrown });
    const retryAfter = responseHeaders?.["retry-after"];
    return new ModelError("model-http", `${statusCode} ${message}`.trimEnd(), asked, {
      status: statusCode,
      retryAfter,
      cause: thrown,
    });
  }
  const code = typeof name === "string" && setupErrors.has(name) ? "model-setup" : "model-unreached";
  return new ModelError(code, message, asked, { cause: thrown });
}

/** Of the 4xx statuses, the ones that time can mend: timeout, conflict, too early, too many requests. */
const passingStatuses = new Set([408, 409, 425, 429]);

/**
 * The `retryIf` that rungs of `llm` have unless told otherwise: `false` for what the same call would meet again (a 4xx
 * other than 408, 409, 425 and 429, a wrong set-up, the content filter), so that the ladder goes on at once; `true` for
 * all else, broken contracts and timeouts included.
 *
 * @example `llm(model, { prompt, retry: { retryIf: (failure, attempt) => attempt < 2 && retryableModelError(failure) } })`
 */
export function retryableModelError(failure: Failure): boolean {
  if (failure.code === "model-setup" || failure.code === "model-filtered") return false;
  const status = failure.fields?.["status"];
  if (typeof status !== "number" || status < 400 || status >= 500) return true;
  return passingStatuses.has(status);
}
