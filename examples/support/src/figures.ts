// What many served messages come to: waiting times, hits of the search, who went to a person.
// Boundary: arithmetic over what desk.ts gave; printing is example.ts.
// Invariant: the waiting time is the customer's, until something was in the mailbox, whoever answered later.
import type { Served } from "./desk.ts";
import type { AskedQuestion } from "./questions.ts";

export interface Figures {
  readonly questions: number;
  /** Until the customer was told something. */
  readonly firstReply: Waiting;
  /** Until the run ended, where no person was needed. */
  readonly wholeAutomatic: Waiting;
  readonly deadlinesMissed: number;
  readonly articleFirst: number;
  readonly articleShown: number;
  readonly toHuman: number;
  /** Customers of whom the author thinks that a person should answer, and how many of them one did. */
  readonly upset: { readonly of: number; readonly toHuman: number };
  readonly nothingFound: number;
  readonly toxicQuestions: { readonly byWords: number; readonly byMeaning: number };
  readonly toxicAnswers: { readonly byWords: number; readonly byMeaning: number };
}

export interface Waiting {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface Asked {
  readonly question: AskedQuestion;
  readonly served: Served;
}

export function figuresOf(asked: readonly Asked[]): Figures {
  const isToHuman = ({ served }: Asked) => served.output.handled.by === "person";
  const ready = asked.flatMap(({ question, served: { output } }) =>
    output.first?.inTime ? [{ ...output.first, expected: question.article }] : [],
  );
  const place = ({ found, expected }: (typeof ready)[number]) => found.findIndex(({ id }) => id === expected);
  const toxic = (text: "question" | "answer") => ({
    byWords: ready.filter(({ toxicity }) => toxicity.byWords[text].toxic).length,
    byMeaning: ready.filter(({ toxicity }) => toxicity.byMeaning[text].toxic).length,
  });
  const upset = asked.filter(({ question }) => question.upset);
  return {
    questions: asked.length,
    firstReply: waitingOf(asked.map(({ served }) => served.firstReplyMs)),
    wholeAutomatic: waitingOf(asked.filter((one) => !isToHuman(one)).map(({ served }) => served.wholeMs)),
    deadlinesMissed: asked.length - ready.length,
    articleFirst: ready.filter((one) => place(one) === 0).length,
    articleShown: ready.filter((one) => place(one) >= 0).length,
    toHuman: asked.filter(isToHuman).length,
    upset: { of: upset.length, toHuman: upset.filter(isToHuman).length },
    nothingFound: ready.filter(({ article }) => article === null).length,
    toxicQuestions: toxic("question"),
    toxicAnswers: toxic("answer"),
  };
}

/** Percentiles by rank: the smallest value that so many per cent do not exceed. */
export function waitingOf(values: readonly number[]): Waiting {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
  return { p50Ms: at(50), p95Ms: at(95), maxMs: at(100) };
}
