// Goal: who goes to a person, and what the customer is sent.
import { expect, test } from "vitest";
import { type FirstReply, nextAfter } from "../src/message.ts";
import { HUMAN_BELOW } from "../src/sentiment.ts";

type Ready = Extract<FirstReply, { inTime: true }>;

const clean = {
  byWords: { toxic: false, words: [] },
  byMeaning: { toxic: false, probability: 0.1 },
};

const ready: Ready = {
  inTime: true,
  text: "From our article about SIM cards: put it in.",
  shelf: "mobile",
  article: "activate-sim",
  found: ["Activate a new SIM card", "Get an eSIM", "Replace a broken SIM"].map((title, at) => ({
    id: `article-${at}`,
    title,
    score: 1,
    cosine: 0.6,
  })),
  sentiment: { score: 0.7, byWords: 0.7, byMeaning: 0.7 },
  toxicity: {
    byWords: { question: clean.byWords, answer: clean.byWords },
    byMeaning: { question: clean.byMeaning, answer: clean.byMeaning },
  },
};

const withMood = (score: number): Ready => ({ ...ready, sentiment: { ...ready.sentiment, score } });

test("below 0.3 a person answers, from 0.3 on the machine does", () => {
  expect(HUMAN_BELOW).toBe(0.3);
  expect(nextAfter(withMood(0.299))).toMatchObject({ route: "human", reason: "upset" });
  expect(nextAfter(withMood(0.3))).toMatchObject({ route: "automatic", reason: "calm" });
});

test("an answer that either method finds toxic is not sent, whatever the mood", () => {
  const { byWords, byMeaning } = ready.toxicity;
  const bad = { toxic: true, words: ["ass"] };
  const worse = { toxic: true, probability: 0.9 };
  const found = [
    { byMeaning, byWords: { ...byWords, answer: bad } },
    { byWords, byMeaning: { ...byMeaning, answer: worse } },
  ];
  for (const toxicity of found) {
    const next = nextAfter({ ...ready, toxicity });
    expect(next).toMatchObject({ route: "human", reason: "toxic answer" });
    expect(next.text).not.toContain(ready.text);
  }
});

test("a toxic question alone sends nobody to a person: it is the mood that counts", () => {
  const byWords = { ...ready.toxicity.byWords, question: { toxic: true, words: ["ass"] } };
  expect(nextAfter({ ...ready, toxicity: { ...ready.toxicity, byWords } }).route).toBe("automatic");
});

test("who was kept waiting, or for whom we have nothing, gets a person and is told so", () => {
  const late = "This takes longer. A person writes to you.";
  expect(nextAfter({ inTime: false, text: late })).toEqual({ route: "human", reason: "too late", text: late });
  expect(nextAfter(undefined)).toMatchObject({ route: "human", reason: "no reply" });
  expect(nextAfter(undefined).text).toContain("A person reads your message");
});

test("the other titles follow the quoted article; where nothing was found all of them do", () => {
  expect(nextAfter(ready).text).toMatch(/put it in\.\nSee also: Get an eSIM; Replace a broken SIM$/);
  expect(nextAfter({ ...ready, article: null }).text).toContain("See also: Activate a new SIM card; Get an eSIM; ");
  expect(nextAfter({ ...ready, found: [] }).text).toBe(ready.text);
});
