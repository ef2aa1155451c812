/**
 * `why` for people: suspects first, then the way back, step by step.
 *
 * Boundary: insight's data to lines; what a step says of itself is why-details.ts's. Invariants: what is said is in the
 * journal; long values are cut, never wrapped; a step that did what it should takes one line and a bit, one that did not
 * says all it knows; of many items or turns that went alike, a few are told and the others counted.
 */
import type { AskedField, FieldValue, StepOrigin, Why } from "@plumbline/insight";
import { outcomeWords } from "./frame.ts";
import { clean, clipped, columnsOf, cost, duration, pad, plural, shellWord } from "./phrase.ts";
import { markOf, styleOf } from "./step-line.ts";
import type { Output, Paint } from "./terminal.ts";
import { answeredWords, detailsOf, sourceWords, valueWords } from "./why-details.ts";

/** `hint`: what commands that are shown need to find the database. */
export function whyText(why: Why, { paint, columns }: Pick<Output, "paint" | "columns">, hint = ""): string {
  const width = Math.min(columns, 120);
  const { told, more } = stepsToTell(why);
  const outcome = why.outcome ? outcomeWords(why.outcome, paint) : paint("cyan", why.status);
  const lines = [
    `${paint("bold", clean(why.flow))}  ${outcome}  ${paint("dim", why.run)}`,
    ...calledBy(why, paint, hint),
    "",
    ...subject(why, paint, width),
    ...suspects(why, paint),
    ...told.flatMap((step) => ["", ...stepLines(step, { paint, width, hint })]),
    ...more.map((words) => `\n    ${paint("dim", words)}`),
  ];
  if (why.input.length > 0) lines.push("", ...inputLines(why.input, paint, width));
  return `${lines.join("\n")}\n`;
}

function calledBy({ parent }: Why, paint: Paint, hint: string): string[] {
  if (!parent) return [];
  const how = `plumbline why ${parent.run} ${shellWord(parent.path)}${hint}`;
  return [paint("dim", `called by ${clean(parent.path)} of run ${parent.run}: ${how}`)];
}

const maxAlike = 3;

/** Suspects, and of steps that differ in their item or turn only, the first few. */
function stepsToTell({ steps, suspects }: Why): { readonly told: StepOrigin[]; readonly more: string[] } {
  const suspected = new Set(suspects.slice(0, maxSuspects).map(({ path }) => path));
  const alike = new Map<string, number>();
  const told = steps.filter((step) => {
    const name = step.path.replace(/\[\d+\]/g, "[…]");
    if (suspected.has(step.path) || name === step.path) return true;
    alike.set(name, (alike.get(name) ?? 0) + 1);
    return (alike.get(name) as number) <= maxAlike;
  });
  const more = [...alike].filter(([, count]) => count > maxAlike);
  return {
    told,
    more: more.map(([name, count]) => `and ${plural(count - maxAlike, "step")} more like ${clean(name)}`),
  };
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
    ...found.slice(0, maxSuspects).flatMap(({ path, evidence }, index) =>
      evidence.map(({ words, strength }, line) => {
        const number = line === 0 ? `${index + 1}.` : "  ";
        const place = line === 0 ? (path === "" ? "the answer" : clean(path)) : " ".repeat(columnsOf(path));
        return `    ${number} ${paint("bold", place)}  ${paint(strength === "strong" ? "magenta" : "dim", clean(words))}`;
      }),
    ),
    ...(found.length > maxSuspects ? [`    and ${plural(found.length - maxSuspects, "suspect")} more`] : []),
  ];
}

const maxSuspects = 20;

function stepLines(step: StepOrigin, { paint, width, hint }: { paint: Paint; width: number; hint: string }): string[] {
  const facts = [duration(step.ms), cost(step.usd, step.tokens)].filter((part) => part !== "").join(" · ");
  const by = answeredWords(step);
  const took = step.kind === "step" ? paint("dim", `  ${facts}`) : "";
  const head = `  ${markOf(step.status, paint)} ${paint("bold", clean(step.path))}  ${paint(styleOf(step.status), step.status)}${by === "" ? "" : `  ${clean(by)}`}${took}`;
  return [
    head,
    ...detailsOf(step, hint).map(
      ([label, words]) => `      ${paint("dim", pad(clean(label), 12))} ${clipped(clean(words), width - 19)}`,
    ),
  ];
}

function inputLines(input: readonly FieldValue[], paint: Paint, width: number): string[] {
  const names = input.map(({ field }) => (field === "" ? "input" : `input.${clean(field)}`));
  const columns = Math.max(...names.map(columnsOf));
  return input.map((value, index) => {
    const name = pad(names[index] ?? "", columns);
    return `  ${paint("dim", "→")} ${paint("bold", name)}  ${clipped(valueWords(value), width - columns - 8)}`;
  });
}
