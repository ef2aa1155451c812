// Model calls where they stand in other nodes: as members of an ensemble, in cases, maps and loops. Goal: each is asked for the
// contract around it, is counted and paid for there, and one that fails costs only its own voice.
import { flow, majority } from "@plumbline/core";
import { openEngine, run } from "@plumbline/engine";
import { expect, test } from "vitest";
import { z } from "zod";
import { llm } from "../src/index.ts";
import { mockModel } from "./mock-model.ts";

const Verdict = z.object({ label: z.enum(["fraud", "fine"]) });
const price = { inputPerMillion: 1e5, outputPerMillion: 0 };
const retry = { maxAttempts: 2, delay: 0 } as const;

test("members of an ensemble: each is asked for the contract, and one that talks nonsense costs only its voice", async () => {
  const models = [
    mockModel("first", { text: '{"label":"fraud"}' }),
    mockModel("second", { text: '{"label":"perhaps"}' }, { text: '{"label":"maybe"}' }),
    mockModel("third", { text: '{"label":"none"}' }, { text: '{"label":"fraud"}' }),
  ] as const;
  const [first, second, third] = models;
  const made = flow("vote", {
    input: z.object({ text: z.string() }),
    build: ($, { text }) =>
      $.ensemble("judge", {
        needs: { text },
        output: Verdict,
        quorum: 2,
        combine: majority(({ label }) => label),
      }).by({
        first: llm(first, { prompt: ({ text }) => `Is this fraud? ${text.trim()}`, price, retry }),
        second: [llm(second, { prompt: ({ text }) => text.toUpperCase(), price, retry })],
        third: llm(third, { prompt: ({ text }) => `Fraud? ${text.trim()}`, price, retry }),
      }),
  });
  const result = await run(made, { text: "Send money." });
  expect(result.outcome).toBe("degraded");
  expect(result.output).toMatchObject({
    value: "fraud",
    survivors: 2,
    votes: {
      first: { status: "success", value: { label: "fraud" } },
      second: { status: "contract", message: expect.stringContaining(".label") },
      third: { status: "success" },
    },
  });
  expect(models.map(({ doGenerateCalls }) => doGenerateCalls.length)).toEqual([1, 2, 2]);
  expect(JSON.stringify(third.doGenerateCalls[1]?.prompt)).toContain("An earlier answer was refused");
  expect(result.cost).toEqual({ usd: expect.closeTo(5, 8), tokens: 75 });
});

test("in a case, for each item of a map and in a loop: typed from the references there, paid for by the run", async () => {
  const writer = mockModel("writer", { text: "one" }, { text: "two" });
  const editor = mockModel("editor", { text: "one, two" }, { text: "One, two." });
  const made = flow("nested", {
    input: z.object({ parts: z.array(z.string()), long: z.boolean() }),
    build: ($, { parts, long }) =>
      $.branch("length", {
        needs: { long },
        choose: ({ long }) => (long ? "long" : "short"),
        cases: {
          long: ($) => {
            const texts = $.map("parts", {
              over: parts,
              concurrency: 1,
              each: ($, part, index) =>
                $.step("write", { needs: { part, index }, output: z.string() }).by(
                  llm(writer, { prompt: ({ part, index }) => `${index + 1}: ${part.toUpperCase()}`, price }),
                ),
            });
            return $.loop("edit", {
              output: z.string(),
              maxTurns: 3,
              body: ($, previous) =>
                $.step("edit", { needs: { texts, previous }, output: z.string() }).by(
                  llm(editor, { prompt: ({ texts, previous }) => previous ?? texts.join(), price }),
                ),
              until: (text) => text.endsWith("."),
              atLimit: "last",
            });
          },
          short: () => "nothing to say",
        },
      }),
  });
  const result = await run(made, { parts: ["a", "b"], long: true });
  expect(result).toMatchObject({ outcome: "succeeded", output: "One, two." });
  expect(result.cost).toEqual({ usd: expect.closeTo(4, 8), tokens: 60 });
  const asked = (model: typeof writer) =>
    model.doGenerateCalls.map(({ prompt }) => prompt.map(({ content }) => content));
  const text = (text: string) => [[expect.objectContaining({ type: "text", text })]];
  expect(asked(writer)).toEqual([text("1: A"), text("2: B")]);
  expect(asked(editor)).toEqual([text("one,two"), text("one, two")]);
});

test("rule 18: a model that answers after its voice was not needed any more is paid for all the same", async () => {
  const slow = mockModel("slow", { text: '{"label":"fine"}' });
  const [asked, answers] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const answer = slow.doGenerate.bind(slow);
  slow.doGenerate = async (options) => {
    asked.resolve();
    await answers.promise; // whatever its signal says
    return answer(options);
  };
  const quick = async () => {
    await asked.promise;
    return { label: "fraud" as const };
  };
  const made = flow("overtaken", {
    input: z.object({}),
    build: ($) =>
      $.ensemble("judge", {
        output: Verdict,
        quorum: 1,
        settle: "quorum",
        combine: majority(({ label }) => label),
      }).by({ quick, slow: llm(slow, { prompt: () => "Is this fraud?", price }) }),
  });
  const engine = await openEngine({ flows: [made] });
  const started = await engine.start(made, {});
  expect(await started.result()).toMatchObject({ output: { value: "fraud" }, cost: { usd: 0, tokens: 0 } });
  answers.resolve();
  await expect.poll(async () => (await engine.get(started.id))?.summary).toMatchObject({ usd: 1, tokens: 15 });
  await engine.close();
});
