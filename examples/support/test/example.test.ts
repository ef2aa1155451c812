// Goal: what the example shows holds, on every fourth of its 200 questions. What is asserted of time leaves a wide margin
// (the median is some 60 ms on two idle cores, and was 160 on two that eight others used); the measured figures are printed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { about, demonstrate, documentOf } from "../src/example.ts";
import { waitingOf } from "../src/figures.ts";
import { loadQuestions } from "../src/questions.ts";

const Waiting = z.object({ p50Ms: z.number(), p95Ms: z.number(), maxMs: z.number() });
const Findings = z.object({ byWords: z.number(), byMeaning: z.number() });
const Document = z.object({
  example: z.literal("support"),
  notice: z.string(),
  runs: z.array(
    z.object({
      title: z.string(),
      outcome: z.string(),
      received: z.array(z.string()),
      firstReplyMs: z.number(),
      output: z.object({ reason: z.string(), handled: z.object({ by: z.string() }) }),
    }),
  ),
  figures: z.object({
    questions: z.number(),
    firstReply: Waiting,
    wholeAutomatic: Waiting,
    deadlinesMissed: z.number(),
    articleFirst: z.number(),
    articleShown: z.number(),
    toHuman: z.number(),
    upset: z.object({ of: z.number(), toHuman: z.number() }),
    nothingFound: z.number(),
    toxicQuestions: Findings,
    toxicAnswers: Findings,
  }),
});

let document: z.infer<typeof Document>;

const folder = mkdtempSync(join(tmpdir(), "plumbline-support-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const questions = loadQuestions("questions").filter((_, at) => at % 4 === 0);
  const printed = JSON.stringify(documentOf(await demonstrate(folder, questions)));
  document = Document.parse(JSON.parse(printed));
  console.log("measured:", JSON.stringify(document.figures));
}, 120_000);

const runTitled = (title: string) => {
  const run = document.runs.find((one) => one.title.includes(title));
  if (run === undefined) throw new Error(`no run "${title}"`);
  return run;
};

test("half of the customers are told something within 500 ms, and nearly all first replies are in time", () => {
  const { questions, firstReply, deadlinesMissed } = document.figures;
  expect(questions).toBe(50);
  expect(firstReply.p50Ms).toBeLessThan(500);
  expect(deadlinesMissed).toBeLessThanOrEqual(10); // none on an idle machine
});

test("the search shows the expected article to two customers of three, where the reply was in time", () => {
  const { questions, deadlinesMissed, articleFirst, articleShown } = document.figures;
  expect(articleShown).toBeGreaterThan(0.66 * (questions - deadlinesMissed));
  expect(articleFirst).toBeGreaterThan(0.4 * (questions - deadlinesMissed));
});

test("most upset customers get a person, and few others do", () => {
  const { toHuman, upset, deadlinesMissed } = document.figures;
  expect(upset.of).toBeGreaterThan(3);
  expect(upset.toHuman).toBeGreaterThan(0.6 * upset.of);
  expect(toHuman - upset.toHuman).toBeLessThanOrEqual(2 + deadlinesMissed);
});

test("nothing toxic is found in what articles say", () => {
  expect(document.figures.toxicAnswers).toEqual({ byWords: 0, byMeaning: 0 });
});

test("the deadline missed on purpose: the declared answer after 500 ms and not before, then the person", () => {
  const { outcome, output, received, firstReplyMs } = runTitled("missed on purpose");
  expect({ outcome, reason: output.reason, by: output.handled.by }).toEqual({
    outcome: "degraded",
    reason: "too late",
    by: "person",
  });
  expect(received).toEqual([expect.stringContaining("takes us longer"), expect.stringContaining("script in place")]);
  expect(firstReplyMs).toBeGreaterThan(490);
});

test("an upset customer hears twice: at once, and from the person", () => {
  const { output, received } = runTitled("upset");
  expect(output).toMatchObject({ reason: "upset", handled: { by: "person" } });
  expect(received).toHaveLength(2);
});

test("what is made up and what is no language model is said in the first place", () => {
  expect(about).toContain("500 ms");
  expect(document.notice).toMatch(/made up/);
  expect(document.notice).toMatch(/No language model/);
});

test("percentiles are by rank, of values in any order", () => {
  const values = Array.from({ length: 200 }, (_, at) => ((at * 37) % 200) + 1);
  expect(waitingOf(values)).toEqual({ p50Ms: 100, p95Ms: 190, maxMs: 200 });
  expect(waitingOf([7])).toEqual({ p50Ms: 7, p95Ms: 7, maxMs: 7 });
});
