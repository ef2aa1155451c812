// A morning at the desk: what comes in when, and whether somebody answers.
// Boundary: data only; play.ts lets it happen. Times are virtual.
// Invariant: nothing here says how a request must end: that is found out by playing, and asserted in the test.

const minute = 60_000;

export interface Scene {
  /** Virtual time since the story's start. */
  readonly atMs: number;
  readonly what: string;
  /** Absent: nobody answers. */
  readonly answer?: {
    readonly afterMs: number;
    readonly by: string;
    readonly approved: boolean;
    readonly reason: string;
  };
  /** The process is stopped and started again on the same file before this comes in. */
  readonly afterRestart?: true;
}

const mia = (afterMs: number, approved: boolean, reason: string) => ({ afterMs, by: "Mia", approved, reason });
const unanswered = (fromMinute: number, counts: readonly string[]): Scene[] =>
  counts.map((count, index) => ({
    atMs: (fromMinute + 5 * index) * minute,
    what: `nobody answers, ${count} in a row`,
  }));

export const story: readonly Scene[] = [
  ...unanswered(0, ["1st", "2nd", "3rd", "4th"]),
  { atMs: 20 * minute, what: "Mia answers: the count begins anew", answer: mia(minute, true, "within the budget") },
  ...unanswered(21, ["1st", "2nd", "3rd", "4th", "5th"]),
  { atMs: 46 * minute, what: "the breaker is open" },
  { atMs: 76 * minute, what: "still open, and the process was restarted", afterRestart: true },
  { atMs: 106 * minute - 1_000, what: "one second before the hour is over" },
  { atMs: 106 * minute, what: "the hour is over: the probe, nobody answers" },
  { atMs: 107 * minute, what: "comes in while the probe waits" },
  { atMs: 112 * minute, what: "open for another hour" },
  { atMs: 171 * minute, what: "that hour is over: the probe, Mia answers", answer: mia(30_000, false, "too dear") },
  ...unanswered(172, ["1st"]),
  { atMs: 177 * minute, what: "Mia answers", answer: mia(5_000, true, "within the budget") },
];
