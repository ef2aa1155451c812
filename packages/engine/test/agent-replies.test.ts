// What models say wrong. Goal: what a model can mend it is told and the run goes on; what cannot be understood is tried again, and
// nothing is called or answered on a guess. Method: a model that follows a script, and says what it was told.
import type { AgentReply, AgentToolResult, Previous, Tool } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking, type Model, run, search, use } from "./fixtures/asking.ts";
import { entriesOf, entriesOfKind, usePlace } from "./fixtures/place.ts";

const answer = { answer: { text: "well" } };

/** Says one reply after the other, and keeps what it was told with each. */
function scripted(...replies: unknown[]) {
  const told: { results: readonly AgentToolResult[]; reasons: Previous["reasons"] }[] = [];
  const model: Model = ({ turns }, { previous }) => {
    told.push({ results: turns.at(-1)?.results ?? [], reasons: previous?.reasons ?? [] });
    return replies.shift() as AgentReply;
  };
  return { model, told, left: replies };
}

describe("calls that cannot be carried out", () => {
  const here = usePlace("memory");

  it("a tool that there is not: the model is told as that call's result, goes on, and nothing is degraded", async () => {
    const { model, told, left } = scripted({ calls: [use("green", "1", "google")] }, { calls: [use("green")] }, answer);
    const { result, engine, id } = await run(here.place, asking(model));
    expect(result).toMatchObject({ outcome: "succeeded", output: { text: "well" }, degradations: [] });
    expect(told[1]).toEqual({
      reasons: [],
      results: [
        { id: "1", tool: "google", status: "failure", message: 'there is no tool "google": use one of search' },
      ],
    });
    expect([left, await entriesOfKind(engine, id, "attempt.failed")]).toEqual([[], []]);
    expect(await entriesOfKind(engine, id, "turn.completed")).toHaveLength(3);
  });

  it("rule 11: an input that breaks the tool's contract is told with the reasons, and the tool is not called", async () => {
    const calls: unknown[] = [];
    const { model, told } = scripted({ calls: [use(7)] }, answer);
    const more = { tools: { search: { ...search(calls), retry: { maxAttempts: 3, delay: "1s" } } as Tool } };
    const { result } = await run(here.place, asking(model, more));
    expect(result).toMatchObject({ outcome: "succeeded", degradations: [] });
    expect(result.ms).toBeLessThan(1_000);
    const message = "the input breaks the contract of search: .words: Invalid input: expected string, received number";
    expect(told[1]?.results).toEqual([{ id: "1", tool: "search", status: "failure", message }]);
    expect(calls).toEqual([]);
  });

  it("the calls beside them are carried out, and told in the order in which they were asked for", async () => {
    const calls: unknown[] = [];
    const { model, told } = scripted(
      { calls: [use("a", "1", "google"), use("green", "2"), use(null, "3"), use("black", "4")] },
      answer,
    );
    const { result } = await run(here.place, asking(model, { tools: { search: search(calls) } }));
    expect(result.outcome).toBe("succeeded");
    expect(told[1]?.results.map(({ id, status }) => [id, status])).toEqual([
      ["1", "failure"],
      ["2", "success"],
      ["3", "failure"],
      ["4", "success"],
    ]);
    expect(calls.map((call) => (call as unknown[])[1])).toEqual(["green", "black"]);
  });

  it("rule 32: a model that never mends them has its turns and no more", async () => {
    const { model, told } = scripted(...Array.from({ length: 9 }, () => ({ calls: [use("x", "1", "google")] })));
    const { result } = await run(here.place, asking(model, { maxTurns: 3 }));
    expect(result).toMatchObject({ outcome: "failed", failedAt: "research", failure: { kind: "limit" } });
    expect(told).toHaveLength(3);
  });

  it("a declared answer at the limit is made of what the model was told", async () => {
    const { model } = scripted({ calls: [use("x", "1", "google")] });
    const atLimit = (turns: readonly { results: readonly AgentToolResult[] }[]) => ({
      text: turns.flatMap(({ results }) => results.map((one) => (one.status === "failure" ? one.message : "?"))).join(),
    });
    const { result } = await run(here.place, asking(model, { maxTurns: 1, atLimit } as never));
    expect(result.output).toEqual({ text: 'there is no tool "google": use one of search' });
  });

  it("a contract that says otherwise when the tool is called: not called, and told", async () => {
    let asked = 0;
    const moody = { ...z.object({}), "~standard": { version: 1, vendor: "test", validate: () => mood() } };
    const mood = () => (++asked === 1 ? { value: {} } : { issues: [{ message: "not any more" }] });
    const { model, told } = scripted({ calls: [use("x")] }, answer);
    await run(here.place, asking(model, { tools: { search: { ...search(), input: moody } as never } }));
    expect(told[1]?.results).toMatchObject([{ message: "the tool's input breaks its contract: not any more" }]);
  });
});

describe("rule 11: replies that cannot be understood in one way", () => {
  const here = usePlace("memory");
  const forms = "instead of { calls } or { answer }";

  it("are refused with the reason, nothing of them is done, and the model says it again in the same turn", async () => {
    const calls: unknown[] = [];
    const { model, told, left } = scripted(
      { calls: Array.from({ length: 9 }, (_, i) => use("x", String(i))) },
      { calls: [use("x")], ...answer },
      { calls: [use("x"), use("y")] },
      { answer: { text: "x" } },
      { text: "Let me see." },
      "I do not know",
      undefined,
      answer,
    );
    const more = { retry: { maxAttempts: 9, delay: 0 }, tools: { search: search(calls) } };
    const { engine, id, result } = await run(here.place, asking(model, more));
    expect(result).toMatchObject({ outcome: "succeeded", output: { text: "well" } });
    expect(told.slice(1).map(({ reasons }) => reasons.join())).toEqual([
      "9 calls in one turn: at most 8",
      "calls and an answer in one reply: ask for tools, or answer when no more are wanted",
      'calls[1].id is "1" for a second time: each call has an id of its own',
      ".text: Too small: expected string to have >=2 characters",
      "neither calls nor an answer, only a text: reply with { calls } or { answer }",
      `a bare text ("I do not know") ${forms}`,
      `undefined ${forms}`,
    ]);
    expect([calls, left]).toEqual([[], []]);
    expect(await entriesOfKind(engine, id, "attempt.failed")).toHaveLength(7);
  });

  it("are the ladder's affair when they do not end: the next model answers the turn", async () => {
    const both: Model = () => ({ calls: [use("x")], ...answer });
    const { result } = await run(here.place, asking([both, () => answer]));
    expect(result).toMatchObject({ outcome: "degraded", output: { text: "well" } });
    const { result: failed } = await run(here.place, asking(both));
    const failure = { kind: "scope", path: "research[1].model", cause: { kind: "contract" } };
    expect(failed).toMatchObject({ outcome: "failed", failedAt: "research[1].model", failure });
  });

  it("what the words beside a call say is no answer: they are kept with the turn", async () => {
    const { model } = scripted({ text: JSON.stringify(answer.answer), calls: [use("x")] }, answer);
    const { engine, id, result } = await run(here.place, asking(model));
    expect(result.outcome).toBe("succeeded");
    const [turn] = await entriesOfKind(engine, id, "turn.completed");
    expect(JSON.parse(turn?.value ?? "")).toMatchObject({ reply: { text: '{"text":"well"}', calls: [{ id: "1" }] } });
    expect(JSON.stringify(await entriesOf(engine, id))).not.toContain("dropped");
  });
});
