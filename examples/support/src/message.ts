// What comes into the support desk, and what its first reply is: the contracts between the two flows.
// Boundary: shapes and the one rule that reads them, nextAfter; who fills them in is first-reply.ts and flow.ts.
// Invariant: a reply that came too late says nothing about the customer's mood: nobody had the time to look.
import { z } from "zod";
import { SHELF } from "./articles.ts";
import { FoundArticle } from "./knowledge-base.ts";
import { HUMAN_BELOW, Sentiment } from "./sentiment.ts";
import { MeaningFinding, WordFinding } from "./toxicity.ts";

export const CustomerMessage = z.object({
  customer: z.string().min(1).max(200),
  text: z.string().trim().min(1).max(2_000),
});
export type CustomerMessage = z.infer<typeof CustomerMessage>;

/** The two methods side by side, on what the customer wrote and on what we are about to say. */
export const ToxicityReport = z.object({
  byWords: z.object({ question: WordFinding, answer: WordFinding }),
  byMeaning: z.object({ question: MeaningFinding, answer: MeaningFinding }),
});

const ReadyReply = z.object({
  inTime: z.literal(true),
  text: z.string().min(20),
  shelf: z.enum(SHELF),
  /** The article that was quoted; null where nothing was found. */
  article: z.string().nullable(),
  /** What the search gave, best first. */
  found: z.array(FoundArticle),
  sentiment: Sentiment,
  toxicity: ToxicityReport,
});

export const LateReply = z.object({ inTime: z.literal(false), text: z.string().min(20) });

export const FirstReply = z.discriminatedUnion("inTime", [ReadyReply, LateReply]);
export type FirstReply = z.infer<typeof FirstReply>;

/** Why a message goes where it goes. Only "calm" is answered without a person. */
const REASON = ["calm", "upset", "toxic answer", "too late", "no reply"] as const;
type Reason = (typeof REASON)[number];

/** What happens next, and what the customer is told right now. */
export const Next = z.object({
  route: z.enum(["automatic", "human"]),
  reason: z.enum(REASON),
  text: z.string().min(20),
});
export type Next = z.infer<typeof Next>;

const PERSON_FOLLOWS = "Thank you for writing. A person reads your message now and writes to you.";

/** A person answers who is upset, who was kept waiting, whom we would have insulted, and for whom we have nothing. */
export function nextAfter(first: FirstReply | undefined): Next {
  const reason = reasonOf(first);
  if (reason === "calm" && first?.inTime) return { route: "automatic", reason, text: textOf(first) };
  return { route: "human", reason, text: first === undefined || first.inTime ? PERSON_FOLLOWS : first.text };
}

function reasonOf(first: FirstReply | undefined): Reason {
  if (first === undefined) return "no reply";
  if (!first.inTime) return "too late";
  const { byWords, byMeaning } = first.toxicity;
  if (byWords.answer.toxic || byMeaning.answer.toxic) return "toxic answer";
  return first.sentiment.score < HUMAN_BELOW ? "upset" : "calm";
}

/** The answer, and where else to look. */
function textOf({ text, article, found }: z.infer<typeof ReadyReply>): string {
  const others = found.slice(article === null ? 0 : 1).map(({ title }) => title);
  return others.length === 0 ? text : `${text}\nSee also: ${others.join("; ")}`;
}
