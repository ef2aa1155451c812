// Job: requests that are larger than one frame: cut into parts by the client, put together again by the owner.
// Boundary: text to lines and back; no socket, no meaning of methods. Answers need none of it: long ones are streams.
// Invariants: a request either leaves whole or not at all; its parts come one after the other, nothing in between; what an
// owner holds of one connection is bounded, as everything is that a client makes it hold.
import { PlumblineError } from "@plumbline/core";
import { badFrame, type ClientFrame, type CommandLimits, encodeFrame, toJson } from "./command-frames.ts";

type Request = Extract<ClientFrame, { kind: "call" | "stream" }>;
type Bounds = Pick<CommandLimits, "frameBytes" | "requestBytes">;

/** Characters of a part for each byte of a frame: escaped, a character takes six bytes at most. */
const charsPerByte = 1 / 8;

/**
 * A request as lines: one, or its parameters in parts and itself after them.
 * @throws PlumblineError `command-not-json`, `command-frame-too-large`
 */
export function encodeRequest({ params, ...request }: Request, { frameBytes, requestBytes }: Bounds): Buffer[] {
  const text = params === undefined ? undefined : toJson(params);
  const frame = Buffer.from(`${toJson(request).slice(0, -1)}${text === undefined ? "" : `,"params":${text}`}}\n`);
  if (text === undefined || frame.length <= frameBytes) return [frame];
  const chars = Math.floor(frameBytes * charsPerByte);
  const lines: Buffer[] = [];
  let bytes = 0;
  for (let from = 0; from < text.length; from += chars) {
    const line = encodeFrame({ kind: "part", id: request.id, text: text.slice(from, from + chars) }, frameBytes);
    bytes += line.length;
    if (bytes > requestBytes) throw tooLarge(frame.length, requestBytes);
    lines.push(line);
  }
  return [...lines, encodeFrame({ ...request, inParts: true }, frameBytes)];
}

/** The parts of one connection's next large request, at the owner. */
export class Parts {
  readonly #requestBytes: number;
  #id: number | undefined;
  #texts: string[] = [];
  #bytes = 0;

  constructor(requestBytes: number) {
    this.#requestBytes = requestBytes;
  }

  /** @throws PlumblineError `command-frame-too-large`, `command-bad-frame` */
  hold({ id, text }: Extract<ClientFrame, { kind: "part" }>, bytes: number): void {
    if (this.#id !== undefined && this.#id !== id) throw badFrame("parts of two requests are mixed");
    this.#id = id;
    this.#bytes += bytes;
    if (this.#bytes > this.#requestBytes) throw tooLarge(this.#bytes, this.#requestBytes);
    this.#texts.push(text);
  }

  /** The request with its parameters. @throws PlumblineError `command-bad-frame` */
  whole({ inParts, ...request }: Request): Request {
    if (inParts !== true && this.#id === undefined) return request;
    if (inParts !== true || this.#id !== request.id) throw badFrame("parts of another request came before it");
    const text = this.#texts.join("");
    this.#id = undefined;
    this.#texts = [];
    this.#bytes = 0;
    try {
      return { ...request, params: JSON.parse(text) };
    } catch (error) {
      throw badFrame("its parts are not JSON", error);
    }
  }
}

function tooLarge(bytes: number, limitBytes: number): PlumblineError {
  return new PlumblineError(
    "command-frame-too-large",
    `A request of ${bytes} bytes is over the limit of ${limitBytes}`,
    {
      mend: "Keep the data in a file or an object store and pass where it is; nothing was sent.",
      details: { bytes, limitBytes, mayBeApplied: false },
    },
  );
}
