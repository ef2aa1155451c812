// `why` on journals of real runs: the way back is exact, and what stands on it is told with its evidence.
import { firstOf, flow, optional, type RunRecord, type RunResult } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { why } from "../src/index.ts";
import { application, type Faults, journalOf, loan } from "./fixtures/loan.ts";

async function loanJournal(faults: Faults = {}): Promise<{ record: RunRecord; result: RunResult }> {
  return journalOf(loan(faults), application, faults);
}

function step(told: ReturnType<typeof why>, path: string) {
  const found = told.steps.find((one) => one.path === path);
  if (!found) throw new Error(`${path} is not on the way`);
  return found;
}

describe("the way back", () => {
  it("leads from a field of the answer to the very fields that it was made of", async () => {
    const { record } = await loanJournal();
    const told = why(record, "reference");
    expect(told.about).toBe("answer");
    expect(told.fields).toEqual([
      {
        field: "reference",
        value: "LN-1",
        sources: [{ as: "", from: "step", path: "book", field: "reference", slot: 4 }],
      },
    ]);
    expect(told.steps.map(({ path }) => path)).toEqual(["book", "extract", "underwriter", "summarise", "similar"]);
    expect(step(told, "book").needs.map(({ as, path, field }) => [as, path, field])).toEqual([
      ["amount", "extract", "amount"],
      ["verdict", "underwriter", ""],
    ]);
    expect(step(told, "extract").reads).toEqual([
      { field: "amount", value: 10_000 },
      { field: "income", value: 4_000 },
    ]);
    expect(told.input).toEqual([
      { field: "applicant", value: "Grace" },
      { field: "pdf", value: "%PDF" },
    ]);
    expect(told.suspects).toEqual([]);
  });

  it("explains all fields of the answer when none is named, constants too", async () => {
    const { record } = await loanJournal();
    const told = why(record);
    expect(told.fields.map(({ field, value }) => [field, value])).toEqual([
      ["approved", true],
      ["via", "person"],
      ["reference", "LN-1"],
      ["note", "v1"],
    ]);
    expect(told.fields[3]?.sources).toEqual([{ as: "", from: "constant", path: "", field: "" }]);
    expect(why(record, "note").steps).toEqual([]);
  });

  it("tells a step by its path, and says what there is to ask for", async () => {
    const { record } = await loanJournal();
    const told = why(record, "similar");
    expect(told.about).toBe("step");
    expect(told.steps.map(({ path }) => path)).toEqual(["similar", "extract"]);
    expect(step(told, "extract").reads).toEqual([{ field: "income", value: 4_000 }]);
    expect(() => why(record, "reference.x")).toThrow(expect.objectContaining({ code: "reference-path" }));
    expect(() => why(record, "referense")).toThrow(
      expect.objectContaining({ code: "reference-path", expected: expect.stringContaining("reference, note") }),
    );
  });

  it("follows whole answers, lists, optional and the member of firstOf that was taken", async () => {
    const split = flow("split", {
      input: z.object({ big: z.boolean(), items: z.array(z.object({ name: z.string() })) }),
      build($, input) {
        const output = z.object({ text: z.string() });
        const left = $.step("left", { needs: { big: input.big }, when: ({ big }) => big, output }).by(() => ({
          text: "left",
        }));
        const right = $.step("right", { needs: { big: input.big }, when: ({ big }) => !big, output }).by(() => ({
          text: "right",
        }));
        const joined = $.step("join", {
          needs: { one: firstOf(left, right), maybe: optional(left), names: [input.items[0]] },
          output,
        }).by(({ one }) => one);
        return joined;
      },
    });
    const { record } = await journalOf(split, { big: false, items: [{ name: "a" }] }, { timeoutMs: 0 });
    const told = why(record);
    expect(told.fields).toEqual([
      { field: "text", value: "right", sources: [expect.objectContaining({ path: "join", field: "text" })] },
    ]);
    expect(step(told, "join").needs.map(({ as, path, taken, absorbs }) => ({ as, path, taken, absorbs }))).toEqual([
      { as: "one", path: "left", taken: false, absorbs: undefined },
      { as: "one", path: "right", taken: true, absorbs: undefined },
      { as: "maybe", path: "left", taken: undefined, absorbs: "skip" },
      { as: "names.0", path: "", taken: undefined, absorbs: undefined },
    ]);
    expect(step(told, "left").story.skipped).toBe("when");
    expect(told.input.map(({ field }) => field)).toEqual(["big", "items.0"]);
  });
});

describe("what stands on the way", () => {
  it("a contract that was broken first: weak, with the reasons and what was given", async () => {
    const { record } = await loanJournal({ garbage: true });
    const told = why(record, "reference");
    expect(step(told, "extract").story.attempts).toMatchObject([
      { attempt: 1, rung: "readFields", result: "failed", value: { income: -1 }, evidence: { engine: "ocr" } },
      { attempt: 2, rung: "readFields", result: "answered" },
    ]);
    expect(step(told, "extract").checks).toEqual(["income is positive"]);
    expect(told.suspects).toEqual([
      {
        path: "extract",
        evidence: [
          {
            kind: "broken-contract",
            strength: "weak",
            words: '1 answer broke its contract: check "income is positive": -1',
          },
        ],
      },
    ]);
  });

  it("a ladder that was gone down: strong, before what only went wrong first", async () => {
    const { record, result } = await loanJournal({ garbage: true, modelDown: true });
    expect(result.outcome).toBe("degraded");
    const told = why(record, "approved");
    const summary = step(told, "summarise");
    expect(summary).toMatchObject({ status: "degraded", answeredBy: "template", usd: 0.02, tokens: 200 });
    expect(summary.story.rungs).toMatchObject([
      { name: "model", result: "gave up", because: expect.stringContaining("the model is down") },
      { kind: "last-good", result: "gave up" },
      { kind: "template", result: "answered" },
    ]);
    expect(told.suspects.map(({ path, evidence }) => [path, evidence[0]?.kind])).toEqual([
      ["summarise", "fallback"],
      ["extract", "broken-contract"],
    ]);
    expect(told.suspects[0]?.evidence[1]).toEqual({
      kind: "retried",
      strength: "weak",
      words: "2 attempts failed: the model is down",
    });
  });

  it("dropped fields: a hint beside what was read, strong where they lie in it", async () => {
    const { record } = await loanJournal({ extra: true });
    expect(why(record, "reference").suspects).toMatchObject([
      { path: "extract", evidence: [{ kind: "dropped", strength: "weak" }] },
    ]);
    expect(why(record, "extract").suspects).toMatchObject([
      { path: "extract", evidence: [{ kind: "dropped", strength: "strong" }] },
    ]);
  });

  it("a decision that nobody made", async () => {
    const { record } = await loanJournal({ timeoutMs: 5 });
    const told = why(record, "reference");
    expect(step(told, "underwriter").story.decision).toMatchObject({ desk: "underwriting", via: "timeout" });
    expect(step(told, "book").status).toBe("skipped");
    expect(told.suspects.map(({ path, evidence }) => [path, evidence[0]?.kind])).toEqual([
      ["underwriter", "automatic-decision"],
    ]);
  });

  it("a person's decision with who and why", async () => {
    const { record } = await loanJournal();
    expect(step(why(record, "via"), "underwriter")).toMatchObject({
      answeredBy: "person",
      by: "ada",
      story: { decision: { by: "ada", note: "known customer", via: "person" } },
    });
  });

  it("starts from the step that failed when there is no answer", async () => {
    const { record, result } = await loanJournal({ bankDown: true });
    expect(result.outcome).toBe("failed");
    const told = why(record);
    expect(told.about).toBe("failure");
    expect(told.steps[0]).toMatchObject({ path: "book", status: "failed" });
    expect(told.suspects[0]).toMatchObject({ path: "book", evidence: [{ kind: "failed", strength: "strong" }] });
  });

  it("the step that failed the run comes before fallbacks that settled earlier", async () => {
    const faults = { modelDown: true, bankDown: true };
    const { record } = await loanJournal(faults);
    expect(why(record).suspects.map(({ path, evidence }) => [path, evidence[0]?.kind])).toEqual([
      ["book", "failed"],
      ["summarise", "fallback"],
    ]);
  });

  it("an answer that was declared for a missed deadline was made of the input alone", async () => {
    const slow = flow("slow", {
      input: z.object({ text: z.string() }),
      deadline: { after: 5, answer: ({ text }) => ({ reply: `later: ${text}` }) },
      build($, { text }) {
        const reply = $.step("reply", { needs: { text }, output: z.string() }).by(() => new Promise<string>(() => {}));
        return { reply };
      },
    });
    const { record } = await journalOf(slow, { text: "hi" }, { timeoutMs: 0 });
    const told = why(record, "reply");
    expect(told).toMatchObject({ declaredForDeadline: true, steps: [], input: [{ field: "", value: { text: "hi" } }] });
    expect(told.suspects).toMatchObject([{ path: "", evidence: [{ kind: "deadline", strength: "strong" }] }]);
  });

  it("a value that cannot be opened does not hide where it came from", async () => {
    const { record } = await loanJournal();
    const told = why(record, "reference", {
      read: () => {
        throw new Error("a blob that is gone");
      },
    });
    expect(told.fields).toMatchObject([{ field: "reference", sources: [{ path: "book" }] }]);
    expect(told.fields[0]).not.toHaveProperty("value");
  });
});

it("rule 12: hints at fields of the input that nobody was ever given", async () => {
  const { record } = await journalOf(loan({}), { ...application, currency: "EUR" } as typeof application, {});
  expect(record.entries[0]).toMatchObject({ kind: "run.started", dropped: [".currency"] });
  expect(why(record, "reference").suspects).toEqual([
    {
      path: "input",
      evidence: [
        { kind: "dropped", strength: "weak", words: "the flow's own schema dropped .currency from the input" },
      ],
    },
  ]);
});
