/**
 * The two streams that the command writes to, with their colours, and the keyboard's Ctrl-C.
 *
 * Boundary: the only file that touches process streams and signals. Invariants: colours only where the stream takes them
 * (NO_COLOR, FORCE_COLOR, pipes); with `--json` nothing but the document reaches standard output, whatever user code
 * prints; a second Ctrl-C always ends the process, and the first one does when it is already leaving.
 */
import { styleText } from "node:util";
import { exitCodes } from "./exit-code.ts";

export type Style = Parameters<typeof styleText>[0];
/** Gives text a colour, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  write(text: string): void;
  /** Calls back when everything written has left the process. */
  flush(done: () => void): void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const plain: Paint = (_style, text) => text;

/** An output on a stream of this process; `write` keeps working when the stream's own has been taken over. */
export function outputOn(stream: NodeJS.WriteStream): Output {
  const write = stream.write.bind(stream);
  const colours = styleText("red", "x", { stream }) !== "x";
  const paint: Paint = colours ? (style, text) => styleText(style, text, { validateStream: false }) : plain;
  return outputOf(
    stream,
    (text) => void write(text),
    paint,
    (done) => void write("", done),
  );
}

/** An output on anything that takes text. */
export function outputOf(
  stream: Stream,
  write: (text: string) => void,
  paint: Paint = plain,
  flush: Output["flush"] = (done) => done(),
): Output {
  return {
    flush,
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 100;
    },
    get rows() {
      return stream.rows ?? 40;
    },
    paint,
    write,
  };
}

/** Sends what anybody writes to a stream somewhere else. Gives a function that ends it. */
export function takeOver(stream: NodeJS.WriteStream, take: (text: string) => void): () => void {
  const original = stream.write;
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    take(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") process.nextTick(callback as () => void);
    return true;
  }) as typeof stream.write;
  return () => {
    stream.write = original;
  };
}

/** Ctrl-C and its kin: the first asks to leave in order, the second leaves; so does the first while leaving is under way. */
export class Interrupts {
  private readonly controller = new AbortController();
  private listening = false;
  private isLeaving = false;

  /** Aborted by the first. */
  get signal(): AbortSignal {
    if (!this.listening) this.listen();
    return this.controller.signal;
  }

  /** From here on there is nothing to be asked: the next one leaves. Gives what it is called. */
  leaveAtOnce(): string {
    this.isLeaving = true;
    return this.controller.signal.aborted ? "Ctrl-C again" : "Ctrl-C";
  }

  private listen(): void {
    this.listening = true;
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(name, () => {
        if (this.isLeaving || this.controller.signal.aborted) process.exit(exitCodes.interrupted);
        this.controller.abort(new Error(name));
      });
    }
  }
}
