// `why` through an agent: from the answer into its turns. What a model said wrong is shown with the reason, whether it was told as
// the result of a call or tried again.
import { type AgentReply, flow, tool } from "@plumbline/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { timeline, why } from "../src/index.ts";
import { journalOf } from "./fixtures/patterns.ts";

const search = tool({
  description: "finds pages",
  input: z.object({ words: z.string() }),
  output: z.string(),
  run: ({ words }) => `about ${words}`,
});
const call = (tool: string, input: unknown, id = "1") => ({ id, tool, input });

const research = (...replies: AgentReply[]) =>
  flow("research", {
    input: z.object({ topic: z.string() }),
    build: ($, { topic }) => ({
      text: $.agent("ask", {
        needs: { topic },
        tools: { search },
        output: z.string(),
        maxTurns: 5,
        retry: { delay: 0 },
      }).by(() => replies.shift() as AgentReply),
    }),
  });

it("a call that was not carried out stands on the way with its reason, beside those that were", async () => {
  const made = research(
    {
      calls: [
        call("serch", { words: "tea" }),
        call("search", { word: "tea" }, "2"),
        call("search", { words: "tea" }, "3"),
      ],
    },
    { answer: "done" },
  );
  const { record } = await journalOf(made, { topic: "tea" });
  const told = why(record, "text");
  const gave = (path: string) => told.steps.find((step) => step.path === path);
  expect(gave("ask[1].calls[0].tool")).toMatchObject({
    answeredBy: "not called",
    reads: [{ value: 'there is no tool "serch": use one of search' }],
    needs: expect.arrayContaining([expect.objectContaining({ path: "ask[1].model", field: "calls.0.refused" })]),
  });
  expect(gave("ask[1].calls[1].tool")?.reads[0]?.value).toMatch(/^the input breaks the contract of search: \.words/);
  expect(gave("ask[1].calls[2].tool.search.run")?.reads[0]?.value).toBe("about tea");
  expect(told.suspects).toEqual([]);
  const words = timeline(record).map(({ words }) => words);
  expect(words.filter((line) => line === "goes into case not called")).toHaveLength(2);
});

it("a reply that could be understood in two ways is evidence against the turn that it was said in", async () => {
  const made = research({ calls: [call("search", { words: "tea" })], answer: "both" }, { answer: "done" });
  const { record } = await journalOf(made, { topic: "tea" });
  const [suspect] = why(record, "text").suspects;
  expect(suspect).toMatchObject({
    path: "ask[1].model",
    evidence: [{ kind: "broken-contract", words: expect.stringContaining("calls and an answer in one reply") }],
  });
});
