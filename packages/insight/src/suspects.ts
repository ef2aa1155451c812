/**
 * Says which steps on the way to an answer deserve a look first, and on what evidence.
 *
 * Boundary: stories and reports to sentences; never opens a value and never blames without an entry to show for it.
 * Invariants: strong evidence (something else answered, something is missing, nobody decided) comes before weak (it went
 * wrong first and right in the end); of equals, what settled earlier comes first, because faults travel downstream; the
 * step that failed the run comes before all of them.
 */
import { clip, formatMs, type StepReport } from "@plumbline/core";
import { fieldPath } from "./origin.ts";
import { missingVoices, type ScopeStory } from "./scope-story.ts";
import type { StepStory } from "./step-story.ts";

export interface SuspectEvidence {
  readonly kind:
    | "failed"
    | "dropped"
    | "fallback"
    | "last-good"
    | "cached"
    | "missing-voice"
    | "dropped-items"
    | "below-quorum"
    | "at-limit"
    | "called-run"
    | "automatic-decision"
    | "deadline"
    | "broken-contract"
    | "late-answer"
    | "lost"
    | "retried";
  readonly strength: "strong" | "weak";
  /** In words. */
  readonly words: string;
}

/** A step to look at. The path is empty for the answer itself. */
export interface Suspect {
  readonly path: string;
  readonly evidence: readonly SuspectEvidence[];
}

/** What is looked at: one step with its report and story. */
export interface Looked {
  readonly path: string;
  readonly report: StepReport;
  readonly story: StepStory;
  /** The fields of it that were read on the way; empty text for the whole. */
  readonly fieldsRead: readonly string[];
}

/** Suspects in the order in which to look at them. `failed` is the path of the step that failed the run. */
export function suspectsAmong(steps: readonly Looked[], failed?: string): Suspect[] {
  const rank = ({ path }: Looked, evidence: readonly SuspectEvidence[]) =>
    path === failed ? -1 : strengthOf(evidence);
  return steps
    .map((step) => ({ step, evidence: evidenceAgainst(step) }))
    .filter(({ evidence }) => evidence.length > 0)
    .sort((a, b) => rank(a.step, a.evidence) - rank(b.step, b.evidence) || settledAt(a.step) - settledAt(b.step))
    .map(({ step, evidence }) => ({ path: step.path, evidence }));
}

function strengthOf(evidence: readonly SuspectEvidence[]): number {
  return evidence.some(({ strength }) => strength === "strong") ? 0 : 1;
}

function settledAt({ story }: Looked): number {
  return story.settledIndex ?? Number.MAX_SAFE_INTEGER;
}

function evidenceAgainst(step: Looked): SuspectEvidence[] {
  return [...strongEvidence(step), ...weakEvidence(step)];
}

function* strongEvidence({ report, story, fieldsRead }: Looked): Generator<SuspectEvidence> {
  const strong = (kind: SuspectEvidence["kind"], words: string): SuspectEvidence => ({
    kind,
    strength: "strong",
    words,
  });
  if (report.failure) yield strong("failed", `failed: ${brief(report.failure.message)}`);
  const dropped = (report.dropped ?? []).filter((path) => isOnTheWay(path, fieldsRead));
  if (dropped.length > 0) yield strong("dropped", `its schema dropped ${listed(dropped)} from what was answered`);
  const { decision, signal, call } = story;
  const fallenTo = story.rungs.findIndex(({ result }) => result === "answered");
  if (story.from && !story.isCached) yield strong("last-good", earlierAnswer(story));
  else if (fallenTo > 0) {
    const names = story.rungs.map(({ name }) => name);
    yield strong("fallback", `answered by ${names[fallenTo]}, number ${fallenTo + 1} of ${names.length} on its ladder`);
  }
  if (decision?.via === "timeout") yield strong("automatic-decision", "nobody answered in time: decided automatically");
  if (decision?.via === "breaker") {
    yield strong("automatic-decision", `decided automatically: the breaker of desk ${decision.desk} was open`);
  }
  if (signal?.via === "timeout") {
    yield strong("automatic-decision", "no signal came in time: the declared value was taken");
  }
  if (call?.outcome === "degraded") yield strong("called-run", `the run that it called ended degraded: ${call.run}`);
  if (story.scope) yield* scopeEvidence(story.scope, report);
}

/** What nodes that open scopes did without. */
function* scopeEvidence(scope: ScopeStory, { status }: StepReport): Generator<SuspectEvidence> {
  const strong = (kind: SuspectEvidence["kind"], words: string): SuspectEvidence => ({
    kind,
    strength: "strong",
    words,
  });
  const answered = status === "succeeded" || status === "degraded";
  if (scope.kind === "map" && scope.failed > 0) {
    const how = scope.onFailure === "collect" ? "are collected as failures" : "were left out";
    const first = scope.lost.slice(0, 5).map(({ item }) => item);
    const more = scope.failed > first.length ? ` and ${scope.failed - first.length} more` : "";
    const which = `${first.join(", ")}${more}`;
    yield strong("dropped-items", `${scope.failed} of ${times(scope.items, "item")} failed and ${how}: ${which}`);
  }
  if (scope.kind === "loop" && answered && !scope.isEnough) {
    yield strong("at-limit", `none of ${times(scope.turn, "turn")} was enough: what is declared for that was taken`);
  }
  if (scope.kind !== "ensemble") return;
  const { given, quorum, votes } = scope;
  if (answered && given < quorum) {
    yield strong("below-quorum", `${given} of ${votes.length} members answered, ${quorum} are needed: declared answer`);
  }
  const missing = missingVoices(votes);
  if (missing.length > 0) {
    const who = missing.map(({ member, status: vote }) => `${member} (${vote})`);
    yield strong("missing-voice", `${missing.length} of ${times(votes.length, "member")} missing: ${listed(who)}`);
  }
}

function earlierAnswer({ from, settledAt }: StepStory): string {
  const age = settledAt === undefined || !from ? "" : `, ${formatMs(Math.max(0, settledAt - from.at))} old`;
  return `an earlier answer${age}, made by run ${from?.run}, was used again`;
}

function* weakEvidence({ report, story, fieldsRead }: Looked): Generator<SuspectEvidence> {
  const weak = (kind: SuspectEvidence["kind"], words: string): SuspectEvidence => ({ kind, strength: "weak", words });
  const failed = story.attempts.filter(({ result }) => result === "failed");
  if (story.isCached) yield weak("cached", earlierAnswer(story));
  const broken = failed.filter(({ failure }) => failure?.kind === "contract");
  const others = failed.filter(({ failure }) => failure?.kind !== "contract" && failure?.kind !== "nothing-good");
  const lost = story.attempts.filter(({ result }) => result === "lost");
  const lastBroken = broken.at(-1)?.failure;
  if (lastBroken) {
    const why = lastBroken.reasons?.join("; ") ?? lastBroken.message;
    yield weak("broken-contract", `${times(broken.length, "answer")} broke its contract: ${brief(why)}`);
  }
  const lastFailure = others.at(-1)?.failure;
  const isSaid = report.failure !== undefined && others.length === 1;
  if (lastFailure && !isSaid)
    yield weak("retried", `${times(others.length, "attempt")} failed: ${brief(lastFailure.message)}`);
  if (lost.length > 0) yield weak("lost", `${times(lost.length, "attempt")} lost with the process`);
  const beside = (report.dropped ?? []).filter((path) => !isOnTheWay(path, fieldsRead));
  if (beside.length > 0) yield weak("dropped", `its schema dropped ${listed(beside)} beside what was read`);
  const values = story.late.filter(({ result }) => result === "value").length;
  if (values > 0) yield weak("late-answer", `${times(values, "answer")} came too late and was not used`);
  const refused = story.decision?.late.length ?? 0;
  if (refused > 0) yield weak("late-answer", `${times(refused, "decision")} came too late and was not used`);
}

/** A dropped field touches what was read when one lies within the other; beside it, it is only a hint. */
function isOnTheWay(dropped: string, fieldsRead: readonly string[]): boolean {
  const lost = fieldPath(dropped);
  return fieldsRead.some((field) =>
    fieldPath(field).every((part, depth) => lost[depth] === undefined || lost[depth] === part),
  );
}

function times(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** One line: what follows in a message is for whoever opens the attempt. */
function brief(message: string): string {
  return clip(message.split("\n", 1)[0] as string, 160);
}
