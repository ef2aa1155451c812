/**
 * Timers of the machine: those of the same length in one line behind one timeout; the short, the very long and the odd ones alone.
 *
 * Boundary: clock.ts alone uses it. Time limits are mostly of a few lengths and mostly cancelled; one that is set and cancelled
 * in a line moves two links, where Node makes and drops a list each time there is no other. Invariants: nobody is called
 * before the machine's own timeout would, and those of a line are called in the order in which they were set; the process stays alive for those who want that
 * and for no one else; what one callback throws does not keep the next from being called; lines are few (rule 32).
 */

export interface Timer {
  cancel(): void;
  /** The process need not stay alive for it. */
  unref?(): void;
}

/** Longest delay that setTimeout takes (24.8 days); longer ones would fire at once. */
const longestTimeoutMs = 2_147_483_647;
const maxLines = 64;
/** Shorter ones are rare, and mostly not cancelled. */
const shortestMs = 1_000;

const lines = new Map<number, Line>();

/** Calls back once, `ms` from now. */
export function setTimer(ms: number, callback: () => void): Timer {
  const length = Math.ceil(ms); // what is left of a limit, after the microseconds that a call took
  const line = length >= shortestMs && length <= longestTimeoutMs ? lineOf(length) : undefined;
  return line ? line.add(callback) : new LongTimer(ms, callback);
}

/** Undefined when there are too many. */
function lineOf(length: number): Line | undefined {
  let line = lines.get(length);
  if (line) return line;
  if (lines.size >= maxLines) for (const other of lines.values()) other.endIfIdle();
  if (lines.size >= maxLines) return undefined;
  line = new Line(length);
  lines.set(length, line);
  return line;
}

class Line {
  private readonly ms: number;
  private first: Place | undefined;
  private last: Place | undefined;
  private timeout: NodeJS.Timeout | undefined;
  /** What the timeout was set for. */
  private target = 0;
  /** How many want the process to stay alive. */
  private wanted = 0;
  private isLooking = false;

  constructor(ms: number) {
    this.ms = ms;
  }

  add(callback: () => void): Place {
    const place = new Place(this, callback, performance.now() + this.ms, this.last);
    if (this.last) this.last.next = place;
    else this.first = place;
    this.last = place;
    this.wanted++;
    if (!this.timeout && !this.isLooking) this.set(this.ms);
    else if (this.wanted === 1) this.timeout?.ref();
    return place;
  }

  remove(place: Place): void {
    const { previous, next } = place;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.last = previous;
    place.previous = undefined; // whoever keeps this one must not keep all that came before it
    place.next = undefined;
  }

  release(): void {
    if (--this.wanted === 0) this.timeout?.unref();
  }

  /** Nobody stands in it; it would stay until its timeout comes, which may take weeks. */
  endIfIdle(): void {
    if (this.first || this.isLooking) return;
    clearTimeout(this.timeout);
    lines.delete(this.ms);
  }

  private set(ms: number): void {
    this.target = performance.now() + ms;
    this.timeout = setTimeout(() => this.look(), ms);
    if (this.wanted === 0) this.timeout.unref();
  }

  private look(): void {
    this.timeout = undefined;
    this.isLooking = true;
    // The timeout counts, and not this clock alone: tests of others replace the one and not the other.
    const now = () => Math.max(this.target, performance.now());
    try {
      for (let place = this.first; place && place.dueAt <= now(); place = this.first) place.call();
    } finally {
      this.isLooking = false;
      if (this.first) this.set(Math.max(0, this.first.dueAt - performance.now()));
      else lines.delete(this.ms);
    }
  }
}

class Place implements Timer {
  private line: Line | undefined;
  private readonly callback: () => void;
  readonly dueAt: number;
  previous: Place | undefined;
  next: Place | undefined;
  private isUnref = false;

  constructor(line: Line, callback: () => void, dueAt: number, previous: Place | undefined) {
    this.line = line;
    this.callback = callback;
    this.dueAt = dueAt;
    this.previous = previous;
    this.next = undefined;
  }

  call(): void {
    this.cancel();
    this.callback();
  }

  cancel(): void {
    if (!this.line) return;
    this.line.remove(this);
    if (!this.isUnref) this.line.release();
    this.line = undefined;
  }

  unref(): void {
    if (this.isUnref || !this.line) return;
    this.isUnref = true;
    this.line.release();
  }
}

/** One after the other where the delay is longer than one timeout may be. */
class LongTimer implements Timer {
  private readonly callback: () => void;
  private timeout: NodeJS.Timeout | undefined;
  private isUnref = false;

  constructor(ms: number, callback: () => void) {
    this.callback = callback;
    this.set(ms);
  }

  private set(ms: number): void {
    const now = Math.min(ms, longestTimeoutMs);
    this.timeout = setTimeout(() => (ms > now ? this.set(ms - now) : this.callback()), now);
    if (this.isUnref) this.timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  unref(): void {
    this.isUnref = true;
    this.timeout?.unref();
  }
}
