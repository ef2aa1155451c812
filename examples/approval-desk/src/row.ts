// One request of the story as it is shown: what its journal says, beside what the engine said aloud.
// Boundary: reads records and warnings; who asks and answers is play.ts, what it looks like is table.ts.
import { type Engine, type Entry, fold, newState, type Warning } from "plumbline";

export interface Row {
  readonly what: string;
  /** Wall clock of the virtual morning: "09:05:00". */
  readonly arrived: string;
  readonly decided: string;
  readonly waitedMs: number;
  /** What the desk did with it: a person was asked, one was asked as a probe, nobody was asked. */
  readonly desk: "asked" | "probe" | "open";
  readonly approved: boolean;
  readonly reason: string;
  readonly via: string;
  readonly by?: string;
  readonly outcome: string;
  /** Why the run is marked degraded. */
  readonly degradation?: string;
  /** As they stand on standard error, without the run's id. */
  readonly warnings: readonly string[];
}

const deskWords = { admitted: "asked", probe: "probe", refused: "open" } as const;

export async function rowOf(engine: Engine, run: string, what: string, warnings: readonly Warning[]): Promise<Row> {
  const record = await engine.get(run);
  if (record === undefined) throw new Error(`the record of ${run} has gone`);
  const { outcome = "unfinished", startedAt } = record.summary;
  const entry = <Kind extends Entry["kind"]>(kind: Kind) => {
    const found = record.entries.find((one) => one.kind === kind);
    if (found === undefined) throw new Error(`${run} has no ${kind}`);
    return found as Extract<Entry, { kind: Kind }>;
  };
  const decided = entry("approval.decided");
  const answer = (await engine.open(run, decided.value)) as { approved: boolean; reason: string };
  const [degradation] = fold(newState(record.plan), record.entries).degradations;
  return {
    what,
    arrived: timeOf(startedAt),
    decided: timeOf(decided.at),
    waitedMs: decided.at - startedAt,
    desk: deskWords[entry("admission.answered").admission],
    approved: answer.approved,
    reason: answer.reason,
    via: decided.via,
    ...(decided.by === undefined ? {} : { by: decided.by }),
    outcome,
    ...(degradation === undefined ? {} : { degradation: degradation.reason }),
    warnings: warnings.filter(({ details }) => details["run"] === run).map(lineOf),
  };
}

function timeOf(instant: number): string {
  return new Date(instant).toISOString().slice(11, 19);
}

function lineOf({ message, details: { run: _, ...facts } }: Warning): string {
  return [`plumbline: ${message}`, ...Object.entries(facts).map(([name, value]) => `${name}=${value}`)].join(" ");
}
