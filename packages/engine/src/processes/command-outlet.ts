// Job: the owner's end of one stream: pushes wait here until the client has room for them.
// Boundary: counts bytes and hands lines to a writer; knows no socket and no method.
// Invariants: lines leave in the order of `send`; what waits is bounded, and a producer that ignores its promise is cut
// off with an error instead of filling memory; no promise handed out ever rejects (nobody may be listening to it).
import { PlumblineError } from "@plumbline/core";
import type { CommandLimits } from "./command-frames.ts";

interface Waiting {
  readonly line: Buffer;
  readonly left: () => void;
}

export class Outlet {
  readonly #write: (line: Buffer) => void;
  readonly #drop: (error: PlumblineError) => void;
  readonly #limits: CommandLimits;
  #roomBytes: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #ended = false;

  constructor(limits: CommandLimits, write: (line: Buffer) => void, drop: (error: PlumblineError) => void) {
    this.#limits = limits;
    this.#roomBytes = limits.windowBytes;
    this.#write = write;
    this.#drop = drop;
  }

  /** What waits here, for the bound over a whole connection. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Sends one line, now or when there is room. A promise says when it has left; after the end nothing is sent. */
  send(line: Buffer): void | Promise<void> {
    if (this.#ended) return;
    // A line larger than the whole window may go when the window is open at all, or it could never go.
    if (this.#waiting.length === 0 && this.#roomBytes > 0) return this.#emit(line);
    if (this.#waitingBytes + line.length > this.#limits.backlogBytes && this.#waiting.length > 0) {
      this.#drop(tooSlow(this.#waitingBytes + line.length, this.#limits.backlogBytes));
      return;
    }
    this.#waitingBytes += line.length;
    return new Promise((left) => {
      this.#waiting.push({ line, left });
    });
  }

  /** The client has used up this many bytes. */
  grant(bytes: number): void {
    this.#roomBytes = Math.min(this.#roomBytes + bytes, this.#limits.windowBytes);
    let leaving = 0;
    for (const { line, left } of this.#waiting) {
      if (this.#roomBytes <= 0) break;
      leaving += 1;
      this.#waitingBytes -= line.length;
      this.#emit(line);
      left();
    }
    this.#waiting.splice(0, leaving);
  }

  /** Nothing more leaves by itself; whoever waits goes on and finds the stream's signal aborted. */
  cut(): void {
    this.#ended = true;
    for (const { left } of this.#waiting) left();
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Resolves when everything sent so far has left or the stream was cut. */
  flushed(): void | Promise<void> {
    const last = this.#waiting.at(-1);
    if (last === undefined) return;
    return new Promise((resolve) => {
      const { left } = last;
      this.#waiting[this.#waiting.length - 1] = {
        line: last.line,
        left() {
          left();
          resolve();
        },
      };
    });
  }

  #emit(line: Buffer): void {
    this.#roomBytes -= line.length;
    this.#write(line);
  }
}

function tooSlow(bytes: number, limitBytes: number): PlumblineError {
  return new PlumblineError("command-slow-watcher", `A watcher was dropped: ${bytes} bytes waited for it`, {
    mend: "Read faster, or watch again from the last entry seen.",
    details: { bytes, limitBytes },
  });
}
