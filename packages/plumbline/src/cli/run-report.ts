/**
 * A run as the command reports it: one document for programs, a few calm lines for people.
 *
 * Boundary: record and opened values to text; the shape of the document is public and only grows. Invariants: the
 * document has `key`, `outcome` and `degradations` always; what cannot be opened is left out and never hides the rest.
 */
import type { Degradation, Journals, RunRecord, StepReport } from "@plumbline/core";
import { type Overview, overviewOf } from "@plumbline/insight";
import type { Database } from "./database.ts";
import { outcomeWords } from "./frame.ts";
import { jsonText } from "./json-text.ts";
import { clean, clipped, cost, duration, plural } from "./phrase.ts";
import { recordOf } from "./run-name.ts";
import type { Paint } from "./terminal.ts";

export interface RunReport {
  readonly overview: Overview;
  readonly output?: unknown;
  readonly partial: Readonly<Record<string, unknown>>;
}

export async function reportOf(engine: Journals, record: RunRecord): Promise<RunReport> {
  const overview = overviewOf(record);
  const { id } = overview.summary;
  const output = overview.output === undefined ? undefined : await opened(engine, id, overview.output);
  const partial: Record<string, unknown> = {};
  for (const [path, sealed] of Object.entries(overview.partial)) {
    const value = await opened(engine, id, sealed);
    if (value) partial[path] = value.value;
  }
  return { overview, ...(output ? { output: output.value } : {}), partial };
}

/** The run as it stands now, asked again of the next owner when this one goes away meanwhile. */
export function currentReport(database: Database, run: string): Promise<RunReport> {
  return database.ask(async (engine) => reportOf(engine, await recordOf(engine, run)), true);
}

async function opened(engine: Journals, run: string, sealed: string): Promise<{ readonly value: unknown } | undefined> {
  try {
    return { value: await engine.open(run, sealed) };
  } catch {
    return undefined; // a class whose codec is not at hand, a blob that is gone
  }
}

/** What `run --json` and `show --json` print. */
export function runDocument({ overview, output, partial }: RunReport): Record<string, unknown> {
  const { summary, parent, steps, scopes, degradations, standing, failure, ms } = overview;
  return {
    id: summary.id,
    flow: summary.flow,
    key: summary.key ?? null,
    ...(parent ? { parent } : {}),
    status: summary.status,
    outcome: summary.outcome ?? null,
    ...(overview.output === undefined ? {} : { output }),
    ...(failure ? { failure } : {}),
    degradations,
    steps: steps.map(stepDocument),
    ...(Object.keys(scopes).length > 0 ? { scopes } : {}),
    ...(Object.keys(partial).length > 0 ? { partial } : {}),
    standing,
    waits: summary.waits,
    cost: { usd: summary.usd, tokens: summary.tokens },
    ms,
    startedAt: summary.startedAt,
    updatedAt: summary.updatedAt,
  };
}

function stepDocument(step: StepReport): Record<string, unknown> {
  const { path, kind, status, answeredBy, attempts, ms, usd, tokens, ...rest } = step;
  return { path, kind, status, answeredBy: answeredBy ?? null, attempts, ms, cost: { usd, tokens }, ...rest };
}

/** The last words on a run: outcome, answer, what to know about it. `hint` goes to commands that are shown. */
export function runText(report: RunReport, paint: Paint, hint: string): string {
  const { summary, failure, degradations, standing, ms } = report.overview;
  const { outcome } = summary;
  const facts = [duration(ms), cost(summary.usd, summary.tokens)].filter((part) => part !== "").join(" · ");
  const ended = outcome === undefined ? paint("cyan", summary.status) : outcomeWords(outcome, paint);
  const lines = [`${paint("bold", clean(summary.flow))} ${ended} ${paint("dim", `in ${facts}  ${summary.id}`)}`];
  if (report.overview.output !== undefined) lines.push("", indented(jsonText(report.output, 2)));
  if (failure) lines.push("", `  ${paint("red", clean(failure.message))}`);
  if (degradations.length > 0) lines.push("", ...degradationLines(degradations, paint));
  for (const { path, certainty, reason } of standing) {
    lines.push(
      "",
      `  ${paint("yellow", "still stands")}  ${clean(path)} ${paint("dim", `${certainty}: ${clean(reason)}`)}`,
    );
  }
  if (outcome === "degraded" || outcome === "failed") {
    lines.push("", paint("dim", `  plumbline why ${summary.id}${hint}`));
  }
  return `${lines.join("\n")}\n`;
}

const maxDegradations = 20;
/** A called run says all of its own reasons in one. */
const maxReasonColumns = 200;

export function degradationLines(degradations: readonly Degradation[], paint: Paint): string[] {
  const lines = degradations.slice(0, maxDegradations).map(({ path, reason }) => {
    const place = path === "" ? "the run" : clean(path);
    return `  ${paint("magenta", "▲")} ${place}  ${paint("magenta", clipped(clean(reason), maxReasonColumns))}`;
  });
  const more = degradations.length - lines.length;
  return more > 0 ? [...lines, paint("dim", `    and ${plural(more, "degradation")} more`)] : lines;
}

export function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
