// `npm run example -- support`: 200 customers write to the desk, one after the other; then one comes while it is too slow.
// Boundary: asks and prints; serving is desk.ts, counting is figures.ts. What must come of it is asserted in the test.
// Invariant: what is made up or simulated is said before anything is shown.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { openDesk, type Served, warmUp } from "./desk.ts";
import { type Asked, type Figures, figuresOf, type Waiting } from "./figures.ts";
import { type AskedQuestion, loadQuestions } from "./questions.ts";

export const about = "A support desk: intent, search, answer, toxicity by two methods, a person; first reply in 500 ms";

const notice =
  "Company, articles, questions and agent are made up; the models are real and run here. No language model is involved: " +
  "answers are sentences of articles.";

/** Far beyond the deadline, so that no machine is fast enough to make it. */
const TOO_SLOW_MS = 5_000;

interface Shown {
  readonly title: string;
  readonly question: string;
  readonly served: Served;
}

interface Demonstration {
  readonly figures: Figures;
  readonly shown: readonly Shown[];
}

export async function main({ json }: { readonly json: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-support-"));
  try {
    if (!json) console.log(`${styleText("bold", about)}\n${notice}\n`);
    const demonstration = await demonstrate(folder, loadQuestions("questions"));
    if (json) console.log(JSON.stringify(documentOf(demonstration), undefined, 2));
    else {
      const { figures, shown } = demonstration;
      for (const one of shown) console.log(`${textOf(one)}\n`);
      console.log(tableOf(figures));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `--json` prints. */
export function documentOf({ figures, shown }: Demonstration) {
  const runs = shown.map(({ title, question, served }) => ({ title, question, ...served }));
  return { example: "support", notice, runs, figures };
}

/** Serves the questions one after the other, and then one while the desk is too slow. */
export async function demonstrate(folder: string, questions: readonly AskedQuestion[]): Promise<Demonstration> {
  await warmUp();
  await using desk = await openDesk(folder);
  const asked: Asked[] = [];
  for (const question of questions) {
    asked.push({ question, served: await desk.serve({ customer: `customer ${asked.length}`, text: question.text }) });
  }
  const shown = [
    pick(asked, "answered by an article", ({ served }) => served.outcome === "succeeded"),
    pick(asked, "an upset customer", ({ served }) => served.output.reason === "upset"),
    pick(
      asked,
      "nothing found",
      ({ served: { output } }) => output.first?.inTime === true && output.first.article === null,
    ),
  ].flatMap((one) => one ?? []);
  const text = "When will my parcel arrive and where is it now?";
  desk.slowDown(TOO_SLOW_MS);
  const late = await desk.serve({ customer: "customer who waits", text });
  return {
    figures: figuresOf(asked),
    shown: [...shown, { title: "the deadline of 500 ms missed on purpose", question: text, served: late }],
  };
}

function pick(asked: readonly Asked[], title: string, is: (one: Asked) => boolean): Shown | undefined {
  const one = asked.find(is);
  return one && { title, question: one.question.text, served: one.served };
}

function textOf({ title, question, served }: Shown): string {
  const { outcome, received, firstReplyMs, degradations } = served;
  return [
    styleText("bold", title),
    `  customer  ${question}`,
    ...received.map((text) => `  desk      ${text.replaceAll("\n", "\n            ")}`),
    styleText("dim", `  ${outcome}; told something after ${Math.round(firstReplyMs)} ms`),
    ...degradations.map((reason) => styleText("yellow", `  degraded: ${reason}`)),
  ].join("\n");
}

function tableOf(figures: Figures): string {
  const { questions, upset, toxicQuestions, toxicAnswers } = figures;
  const waiting = ({ p50Ms, p95Ms, maxMs }: Waiting) =>
    `p50 ${Math.round(p50Ms)} ms, p95 ${Math.round(p95Ms)} ms, longest ${Math.round(maxMs)} ms`;
  return [
    `${questions} made-up questions, one after the other, on a durable database`,
    `until the customer was told something: ${waiting(figures.firstReply)}; the promise is 500 ms`,
    `whole runs without a person:           ${waiting(figures.wholeAutomatic)}`,
    `the right article first: ${figures.articleFirst}, among the three shown: ${figures.articleShown}; nothing found: ${figures.nothingFound}`,
    `to a person: ${figures.toHuman}; of ${upset.of} whom the author finds upset: ${upset.toHuman}; deadlines missed: ${figures.deadlinesMissed}`,
    `toxic questions by words ${toxicQuestions.byWords}, by meaning ${toxicQuestions.byMeaning}; toxic answers by words ${toxicAnswers.byWords}, by meaning ${toxicAnswers.byMeaning}`,
  ].join("\n");
}
