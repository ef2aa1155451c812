/**
 * `why` for people: suspects first, then the way back, step by step.
 *
 * Boundary: insight's data to lines. Invariants: what is said is in the journal; long values are cut, never wrapped;
 * a step that did what it should takes one line and a bit, one that did not says all it knows.
 */
import type { AskedField, AttemptStory, FieldValue, Source, StepOrigin, Why } from "@plumbline/insight";
import { outcomeWords } from "./frame.ts";
import { jsonText } from "./json-text.ts";
import { clean, clipped, columnsOf, cost, duration, pad, plural } from "./phrase.ts";
import { markOf, styleOf } from "./step-line.ts";
import type { Output, Paint } from "./terminal.ts";

export function whyText(why: Why, { paint, columns }: Pick<Output, "paint" | "columns">): string {
  const width = Math.min(columns, 120);
  const outcome = why.outcome ? outcomeWords(why.outcome, paint) : paint("cyan", why.status);
  const lines = [
    `${paint("bold", clean(why.flow))}  ${outcome}  ${paint("dim", why.run)}`,
    "",
    ...subject(why, paint, width),
    ...suspects(why, paint),
    ...why.steps.flatMap((step) => ["", ...stepLines(step, paint, width)]),
  ];
  if (why.input.length > 0) lines.push("", ...inputLines(why.input, paint, width));
  return `${lines.join("\n")}\n`;
}

function subject(why: Why, paint: Paint, width: number): string[] {
  if (why.about === "failure") {
    const message = why.failure?.message ?? "";
    return [`  ${paint("red", "✗")} there is no answer: ${paint("red", clipped(clean(message), width - 24))}`];
  }
  const names = Math.max(...why.fields.map(({ field }) => columnsOf(field)), 0);
  return why.fields.map((asked) => {
    const name = pad(asked.field === "" ? "the answer" : clean(asked.field), names);
    const from = fromWords(asked, why.declaredForDeadline);
    const room = Math.max(10, width - columnsOf(name) - columnsOf(from) - 10);
    return `  ${paint("bold", name)} = ${clipped(valueWords(asked, why.status === "ended" ? "nothing" : "not yet"), room)}  ${paint("dim", `← ${from}`)}`;
  });
}

function fromWords({ sources }: AskedField, declared: boolean): string {
  if (declared) return "declared for a missed deadline";
  const words = sources.filter(({ taken }) => taken !== false).map(sourceWords);
  return words.length === 0 ? "nothing" : words.join(", ");
}

function sourceWords({ from, path, field }: Source): string {
  if (from === "constant") return "a constant of the flow";
  const place = from === "input" ? "input" : clean(path);
  return field === "" ? place : `${place}.${clean(field)}`;
}

function valueWords(field: FieldValue, otherwise = "nothing"): string {
  return "value" in field ? clean(jsonText(field.value)) : otherwise;
}

const unanswered: ReadonlySet<StepOrigin["status"]> = new Set(["pending", "running", "retrying", "waiting", "stopped"]);

function noSuspects({ steps, status }: Why, paint: Paint): string {
  const open = steps.filter((step) => unanswered.has(step.status)).length;
  if (open === 0)
    return `  ${paint("green", "no suspects")}: every step on the way answered at once, by its first choice`;
  const words = `${plural(open, "step")} on the way ${open === 1 ? "has" : "have"} not answered`;
  return status === "ended" ? `  no suspects among what ran: ${words}` : `  no suspects so far: ${words} yet`;
}

function suspects(why: Why, paint: Paint): string[] {
  const found = why.suspects;
  if (found.length === 0) return ["", noSuspects(why, paint)];
  const title = found.length === 1 ? "look here" : "look here, in this order";
  return [
    "",
    `  ${paint("bold", title)}`,
    ...found.flatMap(({ path, evidence }, index) =>
      evidence.map(({ words, strength }, line) => {
        const number = line === 0 ? `${index + 1}.` : "  ";
        const place = line === 0 ? (path === "" ? "the answer" : clean(path)) : " ".repeat(columnsOf(path));
        return `    ${number} ${paint("bold", place)}  ${paint(strength === "strong" ? "magenta" : "dim", clean(words))}`;
      }),
    ),
  ];
}

function stepLines(step: StepOrigin, paint: Paint, width: number): string[] {
  const { story } = step;
  const facts = [duration(step.ms), cost(step.usd, step.tokens)].filter((part) => part !== "").join(" · ");
  const by =
    step.answeredBy === undefined
      ? ""
      : `  ${step.kind === "approval" ? decidedWords(step) : `by ${clean(step.answeredBy)}`}`;
  const took = step.kind === "approval" ? "" : paint("dim", `  ${facts}`);
  const head = `  ${markOf(step.status, paint)} ${paint("bold", clean(step.path))}  ${paint(styleOf(step.status), step.status)}${by}${took}`;
  const details = [
    ...gaveDetail(step.reads),
    ...skipDetail(step),
    ...story.rungs
      .filter(({ result }) => result === "gave up" && story.rungs.length > 1)
      .map(({ name, because = "" }) => detail(`not ${clean(name)}`, because)),
    ...story.attempts.flatMap((attempt) => attemptDetails(attempt, story.attempts.length)),
    ...(step.from ? [detail("taken from", `run ${step.from.run}, step ${step.from.path}`)] : []),
    ...(step.dropped ? [detail("dropped", step.dropped.join(", "))] : []),
    ...(story.late.length > 0 ? [detail("too late", `${plural(story.late.length, "answer")}, not used`)] : []),
    ...(story.decision?.note === undefined ? [] : [detail("note", story.decision.note)]),
    ...(step.checks.length > 0 ? [detail("checked", step.checks.join(", "))] : []),
    ...needDetail(step.needs),
  ];
  return [
    head,
    ...details.map(([label, words]) => `      ${paint("dim", pad(label, 12))} ${clipped(clean(words), width - 19)}`),
  ];
}

type Detail = readonly [label: string, words: string];

function detail(label: string, words: string): Detail {
  return [label, words];
}

/** What was read of it; the whole says its fields too. */
function gaveDetail(reads: readonly FieldValue[]): Detail[] {
  const known = reads.filter((read) => "value" in read);
  const whole = known.find(({ field }) => field === "");
  return (whole ? [whole] : known).map((read) => detail(`gave ${clean(read.field)}`.trimEnd(), valueWords(read)));
}

function decidedWords({ answeredBy, by, story }: StepOrigin): string {
  const { decision } = story;
  const waited =
    decision?.askedAt === undefined || decision.decidedAt === undefined
      ? ""
      : ` after ${duration(decision.decidedAt - decision.askedAt)}`;
  if (answeredBy === "person") return `by ${clean(by ?? "a person")}${waited}`;
  return answeredBy === "timeout" ? `nobody answered${waited}` : "by the desk's open breaker";
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
  if (result === "answered") return noted === "" ? [] : [detail(label, noted)];
  const why = lostWords[result] ?? `${failure?.kind ?? "failed"}: ${failure?.message ?? ""}`;
  const gave = attempt.value === undefined ? "" : `; it gave ${jsonText(attempt.value)}`;
  return [detail(`attempt ${attempt.attempt}`, `${attempt.rung} ${why}${gave}${noted === "" ? "" : `; ${noted}`}`)];
}

function skipDetail({ story, status }: StepOrigin): Detail[] {
  if (status !== "skipped") return [];
  return [
    detail("because", story.skipped === "when" ? "its condition did not hold" : "something that it needs was skipped"),
  ];
}

function needDetail(needs: readonly Source[]): Detail[] {
  const words = needs
    .filter(({ taken, from }) => taken !== false && from !== "constant")
    .map((need) => {
      const source = sourceWords(need);
      return need.as === source || need.as === need.path ? source : `${clean(need.as)} from ${source}`;
    });
  return words.length === 0 ? [] : [detail("needed", words.join(", "))];
}

function inputLines(input: readonly FieldValue[], paint: Paint, width: number): string[] {
  const names = input.map(({ field }) => (field === "" ? "input" : `input.${clean(field)}`));
  const columns = Math.max(...names.map(columnsOf));
  return input.map((value, index) => {
    const name = pad(names[index] ?? "", columns);
    return `  ${paint("dim", "→")} ${paint("bold", name)}  ${clipped(valueWords(value), width - columns - 8)}`;
  });
}
