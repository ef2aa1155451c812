// Job: the words that a client and an owner exchange: one JSON object a line, bounded in size, and how errors cross.
// Boundary: bytes and shapes only; no socket, no file, no meaning of methods.
// Invariants: a line is parsed only when it is whole and within the bound; a frame that is not one of ours ends the
// connection, because what follows it cannot be trusted either.
import { codeOf, type ErrorCode, PlumblineError } from "@plumbline/core";

/** Raised when a frame changes its meaning or a kind is added. Both sides say theirs in the hello; unequal ones part at once. */
export const PROTOCOL = 2;

export interface Hello {
  readonly kind: "hello";
  readonly protocol: number;
  readonly pid: number;
}

export type ClientFrame =
  | Hello
  | {
      readonly kind: "call" | "stream";
      readonly id: number;
      readonly method: string;
      readonly params?: unknown;
      /** The parameters came before, in parts. */
      readonly inParts?: true;
    }
  /** A piece of the next request's parameters, as JSON text. */
  | { readonly kind: "part"; readonly id: number; readonly text: string }
  | { readonly kind: "cancel"; readonly id: number }
  /** The reader of a stream has used up this many bytes of pushes and has room for as many again. */
  | { readonly kind: "credit"; readonly id: number; readonly bytes: number };

export type OwnerFrame =
  | Hello
  | { readonly kind: "push" | "result"; readonly id: number; readonly value?: unknown }
  /** Without an id the error is about the connection, which then ends. */
  | { readonly kind: "error"; readonly id?: number; readonly error: WireError };

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly mend?: string;
  readonly details?: unknown;
}

export interface CommandLimits {
  /** The longest line either side accepts. */
  readonly frameBytes: number;
  /** The largest request, in as many lines as it takes. */
  readonly requestBytes: number;
  /** Connections that the owner keeps open at once. */
  readonly connections: number;
  /** Requests of one connection that are not answered yet; a reply that was not read counts as not answered. */
  readonly requests: number;
  /** Pushes of one stream on their way, sent and not used up by their reader. */
  readonly windowBytes: number;
  /** Pushes of one stream waiting in the owner for their turn; beyond it the watcher is dropped. */
  readonly backlogBytes: number;
  /** Everything waiting in the owner for one connection; beyond it the connection is dropped. */
  readonly connectionBytes: number;
}

export const DEFAULT_LIMITS: CommandLimits = {
  frameBytes: 16 * 1024 * 1024,
  requestBytes: 128 * 1024 * 1024,
  connections: 64,
  requests: 256,
  windowBytes: 256 * 1024,
  backlogBytes: 4 * 1024 * 1024,
  connectionBytes: 64 * 1024 * 1024,
};

const NEWLINE = 0x0a;
const METHOD_LENGTH = 200;

/**
 * One frame as a line.
 * @throws PlumblineError `command-not-json` (a value that JSON cannot hold), `command-frame-too-large`.
 */
export function encodeFrame(frame: ClientFrame | OwnerFrame, frameBytes: number): Buffer {
  const line = Buffer.from(`${toJson(frame)}\n`);
  if (line.length > frameBytes) throw tooLarge(line.length, frameBytes);
  return line;
}

/** @throws PlumblineError `command-not-json` */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw notJson(error);
  }
}

function notJson(cause: unknown): PlumblineError {
  return new PlumblineError("command-not-json", `A value cannot cross the socket: ${messageOf(cause)}`, {
    mend: "Encode values before they are sent; only JSON crosses.",
    cause,
  });
}

function tooLarge(bytes: number, frameBytes: number): PlumblineError {
  return new PlumblineError(
    "command-frame-too-large",
    `A message of ${bytes} bytes is over the limit of ${frameBytes}`,
    {
      mend: "Send large values as blobs and name them here, or ask for a smaller page.",
      details: { bytes, limitBytes: frameBytes },
    },
  );
}

/** Cuts a stream of bytes into lines. Holds at most one unfinished line, never more than the bound. */
export class LineReader {
  readonly #frameBytes: number;
  #parts: Buffer[] = [];
  #heldBytes = 0;

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
  }

  /**
   * The lines that this chunk completes, each with its size on the wire.
   * @throws PlumblineError `command-frame-too-large`, after which the reader is of no more use.
   */
  *read(chunk: Buffer): Generator<{ readonly text: string; readonly bytes: number }> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end + 1));
      const bytes = this.#heldBytes;
      const line = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, bytes);
      this.#parts = [];
      this.#heldBytes = 0;
      start = end + 1;
      yield { text: line.toString("utf8", 0, bytes - 1), bytes };
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#frameBytes) throw tooLarge(this.#heldBytes, this.#frameBytes);
    this.#parts.push(part);
  }
}

/** @throws PlumblineError `command-bad-frame`. */
export function parseClientFrame(text: string): ClientFrame {
  const frame = parseObject(text);
  if (frame["kind"] === "hello") return parseHello(frame);
  const { kind, id } = frame;
  if (!isId(id)) throw badFrame("an id is missing");
  if (kind === "cancel") return { kind, id };
  if (kind === "part") {
    if (typeof frame["text"] !== "string") throw badFrame("a part needs a text");
    return { kind, id, text: frame["text"] };
  }
  if (kind === "credit") {
    if (!isId(frame["bytes"])) throw badFrame("a credit needs a number of bytes");
    return { kind, id, bytes: frame["bytes"] };
  }
  if (kind !== "call" && kind !== "stream") throw badFrame("its kind is unknown");
  const { method } = frame;
  if (typeof method !== "string" || method.length > METHOD_LENGTH) throw badFrame("a request needs a method");
  return { kind, id, method, params: frame["params"], ...(frame["inParts"] === true ? { inParts: true } : {}) };
}

/** @throws PlumblineError `command-bad-frame`. */
export function parseOwnerFrame(text: string): OwnerFrame {
  const frame = parseObject(text);
  const { kind, id } = frame;
  if (kind === "hello") return parseHello(frame);
  if (kind === "error") {
    const error = parseError(frame["error"]);
    return isId(id) ? { kind, id, error } : { kind, error };
  }
  if (kind !== "push" && kind !== "result") throw badFrame("its kind is unknown");
  if (!isId(id)) throw badFrame("an id is missing");
  return { kind, id, value: frame["value"] };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badFrame("it is not JSON", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badFrame("it is not an object");
  return value as Record<string, unknown>;
}

function parseHello(frame: Record<string, unknown>): Hello {
  const { protocol, pid } = frame;
  if (typeof protocol !== "number" || typeof pid !== "number") throw badFrame("a hello needs protocol and pid");
  return { kind: "hello", protocol, pid };
}

function parseError(value: unknown): WireError {
  const error = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { code, message, path, expected, found, mend, details } = error;
  return {
    code: typeof code === "string" ? code : "internal",
    message: typeof message === "string" ? message : "The owner gave no reason",
    ...(typeof path === "string" ? { path } : {}),
    ...(typeof expected === "string" ? { expected } : {}),
    ...(typeof found === "string" ? { found } : {}),
    ...(typeof mend === "string" ? { mend } : {}),
    ...(details === undefined ? {} : { details }),
  };
}

/** @throws PlumblineError `command-protocol` unless the other side speaks our protocol. */
export function checkProtocol(hello: Hello): void {
  if (hello.protocol === PROTOCOL) return;
  throw new PlumblineError(
    "command-protocol",
    `Process ${hello.pid} speaks protocol ${hello.protocol}, we ${PROTOCOL}`,
    {
      mend: "Run the same version of plumbline in both processes.",
      details: { theirs: hello.protocol, ours: PROTOCOL, pid: hello.pid },
    },
  );
}

/** What crosses of anything thrown. An error without a code crosses as `internal`, with its message. */
export function toWireError(thrown: unknown): WireError {
  const fields = (typeof thrown === "object" && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const { path, expected, found, mend, details } = fields;
  const code = codeOf(thrown) ?? "internal";
  return parseError({ code, message: messageOf(thrown), path, expected, found, mend, details });
}

/** An Error object again, with the fields that crossed. A newer owner may know codes that this list does not have. */
export function fromWireError({ code, message, ...fields }: WireError): PlumblineError {
  return new PlumblineError(code as ErrorCode, message, fields);
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** Without path, code and mend where these cross as fields of their own. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof PlumblineError) return thrown.what;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function badFrame(reason: string, cause?: unknown): PlumblineError {
  return new PlumblineError("command-bad-frame", `A message on the socket is not Plumbline's: ${reason}`, {
    mend: "Something else is speaking on this socket, or one side is damaged.",
    cause,
  });
}
