// What a model may say in a turn. What can be understood in one way is taken; a call that cannot be carried out is kept with the
// reason, for the model to be told; all else is refused in words that can be handed back to it.
import { describe, expect, test } from "vitest";
import { flow, type StepCode, tool } from "../src/index.ts";
import { accepting, any, never } from "./stage.ts";

const aText = accepting<{ text: string }>((value) => (typeof value?.text === "string" ? undefined : "no text"));
const aNumber = accepting<number>((value) => (typeof value === "number" ? undefined : "no number"));
const throwing = accepting<unknown>(() => {
  throw new Error("it is Sunday");
});
const made = (input: Parameters<typeof tool>[0]["input"]) =>
  tool({ description: "does it", input, output: any(), run: never });
const wordy: Parameters<typeof made>[0] = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: () => ({ issues: Array.from({ length: 30 }, () => ({ message: "no".repeat(300) })) }),
  },
};
const tools = { search: made(aText), pay: made(any()), broken: made(throwing), wordy: made(wordy) };

function contractOf(output = aNumber as ReturnType<typeof accepting<never>>) {
  const { code } = flow("asking", {
    input: any(),
    build: ($) => ({ answer: $.agent("agent", { tools, output, maxTurns: 1, maxCalls: 2 }).by(never) }),
  });
  const [model] = code.scopes.flat().filter((one) => one.kind === "step") as StepCode[];
  return (model as StepCode).output["~standard"];
}

const judged = async (given: unknown) => {
  const result = await contractOf().validate(given);
  return result.issues ? result.issues.map(({ message }) => message).join("; ") : result.value;
};
const call = { id: "1", tool: "search", input: { text: "x" } };
const forms = "instead of { calls } or { answer }";

describe("rule 11: what cannot be understood in one way is refused, in words for the model", () => {
  test.each<[string, unknown, string]>([
    ["nothing", undefined, `undefined ${forms}`],
    ["null", null, `null ${forms}`],
    ["a bare text", "I will look it up", `a bare text ("I will look it up") ${forms}`],
    [
      "only a text",
      { text: "I do not know" },
      "neither calls nor an answer, only a text: reply with { calls } or { answer }",
    ],
    ["no calls and no answer", { calls: [] }, "neither calls nor an answer: reply with { calls } or { answer }"],
    [
      "both",
      { calls: [call], answer: 7 },
      "calls and an answer in one reply: ask for tools, or answer when no more are wanted",
    ],
    ["calls that are no list", { calls: {} }, "calls is an object with no keys instead of a list"],
    ["too many calls", { calls: [call, call, call] }, "3 calls in one turn: at most 2"],
    ["a call that is none", { calls: [null] }, "calls[0] is null instead of { id, tool, input }"],
    ["a call that is a word", { calls: ["search"] }, 'calls[0] is "search" instead of { id, tool, input }'],
    ["a call without an id", { calls: [{ ...call, id: undefined }] }, "calls[0].id is undefined instead of a text"],
    ["a call with an empty id", { calls: [{ ...call, id: "" }] }, 'calls[0].id is "" instead of a text'],
    ["a call of no tool", { calls: [{ ...call, tool: 5 }] }, "calls[0].tool is 5 instead of the name of a tool"],
    ["one id twice", { calls: [call, call] }, 'calls[1].id is "1" for a second time: each call has an id of its own'],
    ["an answer that breaks the contract", { answer: "seven" }, "no number"],
    ["an answer of nothing", { answer: undefined }, "no number"],
  ])("%s", async (_, given, message) => {
    expect(await judged(given)).toBe(message);
  });

  test("an answer of nothing is one where the contract takes it", async () => {
    expect(await contractOf(any()).validate({ answer: undefined })).toEqual({
      value: { calls: [], answer: undefined },
    });
  });
});

test("what is good is kept: calls or an answer, with its words, and with what the rung wants to see again", async () => {
  const said = { calls: [call], text: "let me see", kept: { signature: 1 } };
  expect(await judged({ ...said, answer: undefined })).toEqual(said);
  expect(await judged({ calls: [{ ...call, refused: "by itself", more: 1 }] })).toEqual({ calls: [call] });
  expect(await judged({ answer: 7, text: 5 })).toEqual({ calls: [], answer: 7 });
});

describe("a call that cannot be carried out is kept with the reason, and the others beside it as they are", () => {
  const refusal = async (asked: object) => {
    const { calls } = (await judged({
      calls: [
        { ...call, id: "2" },
        { ...call, ...asked },
      ],
    })) as {
      calls: { refused?: string }[];
    };
    expect(calls[0]).toEqual({ ...call, id: "2" });
    expect(calls[1]).toMatchObject(asked);
    return calls[1]?.refused;
  };

  test.each<[string, object, string]>([
    ["a tool that there is not", { tool: "guess" }, 'there is no tool "guess": use one of search, pay, broken, wordy'],
    [
      "a tool named like a method",
      { tool: "toString" },
      'there is no tool "toString": use one of search, pay, broken, wordy',
    ],
    [
      "the prototype of tools",
      { tool: "__proto__" },
      'there is no tool "__proto__": use one of search, pay, broken, wordy',
    ],
    [
      "the name of no call",
      { tool: "not called" },
      'there is no tool "not called": use one of search, pay, broken, wordy',
    ],
    ["an input that breaks the contract", { input: { topic: 1 } }, "the input breaks the contract of search: no text"],
    ["no input", { input: undefined }, "the input breaks the contract of search: no text"],
    [
      "a contract that throws",
      { tool: "broken" },
      "the input breaks the contract of broken: the schema threw: it is Sunday",
    ],
  ])("%s", async (_, asked, reason) => {
    expect(await refusal(asked)).toBe(reason);
  });

  test("rule 32: a reason of any length is cut", async () => {
    expect((await refusal({ tool: "x".repeat(10_000) }))?.length).toBeLessThan(200);
    expect(await refusal({ tool: "wordy" })).toHaveLength(2_000);
  });
});
