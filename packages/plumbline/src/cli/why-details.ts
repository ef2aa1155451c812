/**
 * What `why` says of one step: what it gave, why it was not the first choice, what its scopes did, what it was made of.
 *
 * Boundary: insight's story of a step to labels and words; why-text.ts lays them out. Invariants: nothing is said twice; a
 * way into another run is given as the command that goes it.
 */
import type { AttemptStory, FieldValue, ScopeStory, Source, StepOrigin } from "@plumbline/insight";
import { jsonText } from "./json-text.ts";
import { clean, counted, duration, plural, shellWord } from "./phrase.ts";
import { scopeWords } from "./slot-words.ts";

export type Detail = readonly [label: string, words: string];

export function detailsOf(step: StepOrigin, hint: string): Detail[] {
  const { story } = step;
  return [
    ...gaveDetail(step.reads),
    ...skipDetail(step),
    ...(story.scope ? scopeDetails(story.scope) : []),
    ...story.rungs
      .filter(({ result }) => result === "gave up" && story.rungs.length > 1)
      .map(({ name, because = "" }): Detail => [`not ${name}`, because]),
    ...story.attempts.flatMap((attempt) => attemptDetails(attempt, story.attempts.length)),
    ...fromDetail(step, hint),
    ...callDetail(step, hint),
    ...(step.dropped ? [["dropped", step.dropped.join(", ")] as const] : []),
    ...(story.late.length > 0 ? [["too late", `${plural(story.late.length, "answer")}, not used`] as const] : []),
    ...(story.decision?.note === undefined ? [] : [["note", story.decision.note] as const]),
    ...(step.checks.length > 0 ? [["checked", step.checks.join(", ")] as const] : []),
    ...needDetails(step),
  ];
}

/** By what or whom it was answered; nothing where the details say it. */
export function answeredWords(step: StepOrigin): string {
  const { answeredBy, by, story, kind } = step;
  if (story.scope) return scopeWords(story.scope);
  if (answeredBy === undefined || kind === "call") return "";
  if (kind === "approval") {
    const waited = after(story.decision?.askedAt, story.decision?.decidedAt);
    if (answeredBy === "person") return `by ${by ?? "a person"}${waited}`;
    return answeredBy === "timeout" ? `nobody answered${waited}` : "by the desk's open breaker";
  }
  if (kind !== "signal") return `by ${answeredBy}`;
  const waited = after(story.signal?.awaitedAt, story.signal?.answeredAt);
  if (answeredBy === "timeout") return `no signal came${waited}`;
  return `by ${story.signal?.by ?? "a signal"}${waited}`;
}

function after(from: number | undefined, until: number | undefined): string {
  return from === undefined || until === undefined ? "" : ` after ${duration(until - from)}`;
}

export function sourceWords({ from, path, field }: Source): string {
  if (from === "constant") return "a constant of the flow";
  if (from === "place") return field === "turn" ? "the number of the turn" : "the place of the item";
  const place = from === "input" ? "input" : from === "caller" ? `the caller's ${clean(path)}` : clean(path);
  return field === "" ? place : `${place}.${clean(field)}`;
}

export function valueWords(field: FieldValue, otherwise = "nothing"): string {
  return "value" in field ? clean(jsonText(field.value)) : otherwise;
}

/** What was read of it; the whole says its fields too. */
function gaveDetail(reads: readonly FieldValue[]): Detail[] {
  const known = reads.filter((read) => "value" in read);
  const whole = known.find(({ field }) => field === "");
  return (whole ? [whole] : known).map((read): Detail => [`gave ${read.field}`.trimEnd(), valueWords(read)]);
}

function scopeDetails(scope: ScopeStory): Detail[] {
  if (scope.kind === "ensemble") {
    return scope.votes
      .filter(({ message }) => message !== undefined)
      .map(({ member, message = "" }): Detail => [`not ${member}`, message]);
  }
  if (scope.kind !== "map") return [];
  const shown = scope.lost.slice(0, 5);
  const more = scope.failed - shown.length;
  return [
    ...shown.map(({ item, message }): Detail => [`not item ${item}`, message]),
    ...(more > 0 ? [["and", `${counted(more)} items more failed`] as const] : []),
  ];
}

const lostWords: { readonly [R in AttemptStory["result"]]?: string } = {
  lost: "was lost with its process",
  left: "was let go of by its engine",
};

/** The attempt that answered says what it noted; one that did not says why. */
function attemptDetails(attempt: AttemptStory, count: number): Detail[] {
  const { evidence, failure, result } = attempt;
  const noted = evidence
    ? Object.entries(evidence)
        .map(([key, value]) => `${key} ${value}`)
        .join(", ")
    : "";
  const label = count > 1 ? `attempt ${attempt.attempt}` : "noted";
  if (result === "answered") return noted === "" ? [] : [[label, noted]];
  const givenUp = attempt.because === undefined ? undefined : `was given up: ${attempt.because}`;
  const why = givenUp ?? lostWords[result] ?? `${failure?.kind ?? "failed"}: ${failure?.message ?? ""}`;
  const gave = attempt.value === undefined ? "" : `; it gave ${jsonText(attempt.value)}`;
  return [[`attempt ${attempt.attempt}`, `${attempt.rung} ${why}${gave}${noted === "" ? "" : `; ${noted}`}`]];
}

/** An answer of another run: how to ask that one. */
function fromDetail({ from, story }: StepOrigin, hint: string): Detail[] {
  if (!from) return [];
  const how = `plumbline why ${from.run} ${shellWord(from.path)}${hint}`;
  return [[story.isCached ? "cached from" : "taken from", `${from.path} of run ${from.run}: ${how}`]];
}

function callDetail({ story, reads }: StepOrigin, hint: string): Detail[] {
  const { call } = story;
  if (!call) return [];
  const field = reads.length === 1 && reads[0]?.field ? ` ${shellWord(reads[0].field)}` : "";
  const ended = call.outcome === undefined ? "" : `, ${call.outcome}`;
  return [["called", `${call.flow}${ended}: plumbline why ${call.run}${field}${hint}`]];
}

function skipDetail({ story, status }: StepOrigin): Detail[] {
  if (status !== "skipped") return [];
  return [["because", story.skipped === "when" ? "its condition did not hold" : "something that it needs was skipped"]];
}

const maxSources = 8;

/** What it was made of; of a node that opens scopes what those gave, and what decided on them. */
function needDetails({ needs, story }: StepOrigin): Detail[] {
  // A member or an item that failed is told by its own line.
  const isMissed = ({ absorbs, from }: Source) => story.scope !== undefined && from === "step" && absorbs === "failure";
  const known = needs.filter((need) => need.taken !== false && need.from !== "constant" && !isMissed(need));
  const roles = [
    [story.scope ? "made of" : "needed", known.filter(({ role }) => role === undefined)],
    ["chosen by", known.filter(({ role }) => role === "choice")],
    ["over", known.filter(({ role }) => role === "items")],
  ] as const;
  return roles.flatMap(([label, sources]): Detail[] => {
    const words = [...new Set(sources.map(needWords))];
    if (words.length === 0) return [];
    const more = words.length - maxSources;
    return [[label, `${words.slice(0, maxSources).join(", ")}${more > 0 ? ` and ${counted(more)} more` : ""}`]];
  });
}

function needWords(need: Source): string {
  const source = sourceWords(need);
  const isSaid = need.as === "" || need.as === source || need.as === need.path || need.role === "items";
  return isSaid || need.path.endsWith(`.${need.as}`) || /^\d+$/.test(need.as) ? source : `${need.as} from ${source}`;
}
