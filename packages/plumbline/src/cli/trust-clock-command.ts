/**
 * `plumbline trust-clock`: tells the process that owns the database that its wall clock is right although it jumped.
 *
 * Boundary: asks the owner; what pauses and why is the engine's. Invariant: this process never becomes the owner: where
 * there is none nothing is paused, and the next owner begins with the clock as it is.
 */
import { type ClockTrust, codeOf, formatMs } from "@plumbline/core";
import { withDatabase } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { answer, type Session } from "./session.ts";

export async function trustClockCommand(session: Session): Promise<ExitCode> {
  const trust = await trusted(session);
  answer(
    session,
    () => ({ status: statusOf(trust), driftMs: trust?.driftMs ?? 0 }),
    () => `${wordsOf(trust)}\n`,
  );
  return exitCodes.fine;
}

async function trusted(session: Session): Promise<ClockTrust | undefined> {
  try {
    return await withDatabase(session, { asClient: true }, ({ engine }) => engine.trustClock());
  } catch (error) {
    if (codeOf(error) === "command-no-owner") return undefined;
    throw error;
  }
}

function statusOf(trust: ClockTrust | undefined): "trusted" | "not-paused" | "unowned" {
  if (!trust) return "unowned";
  return trust.wasPaused ? "trusted" : "not-paused";
}

function wordsOf(trust: ClockTrust | undefined): string {
  if (!trust) return "nobody runs this database: nothing is paused, and who runs it next takes the clock as it is";
  const { wasPaused, driftMs } = trust;
  if (!wasPaused) return "timers were not paused: nothing has changed";
  // A second more or less is the drift of a good clock: a day must not read as 24 hours for a millisecond.
  const byMs = Math.max(1_000, Math.round(Math.abs(driftMs) / 1_000) * 1_000);
  return `timers go on: the clock was set ${driftMs < 0 ? "back" : "ahead"} by ${formatMs(byMs)}`;
}
