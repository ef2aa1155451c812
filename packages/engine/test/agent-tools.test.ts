// Tools that misbehave, and models that will not stop. Goal: whatever a tool does, the model is told and the run goes on within its
// bounds; what a tool has changed is undone, or done once, also over a kill. The model is a script.
import { type AgentToolResult, type Flow, flow, type StepContext, type Tool, tool } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking, type Model, once, run, search, use } from "./fixtures/asking.ts";
import { drive, entriesOfKind, signal, stateOf, storeKinds, until, usePlace } from "./fixtures/place.ts";

const finds = (runTool: (input: never, context: StepContext) => unknown, more: Partial<Tool> = {}): Tool =>
  tool({
    description: "finds",
    input: z.object({ words: z.unknown() }),
    output: z.unknown(),
    retry: once,
    ...more,
    run: runTool as never,
  });

/** Asks once, and answers with what it was told. */
const asksOnce: Model = ({ turn, turns }) =>
  turn === 1 ? { calls: [use("green")] } : { answer: { text: JSON.stringify(turns[0]?.results) } };

describe("tools that misbehave", () => {
  const here = usePlace("memory");
  const told = async (misbehaving: Tool) => {
    const { result } = await run(here.place, asking(asksOnce, { tools: { search: misbehaving } }));
    expect(result.outcome).toBe("degraded");
    const [one] = JSON.parse(result.output?.text ?? "") as AgentToolResult[];
    return { message: one?.status === "failure" ? one.message : `success ${JSON.stringify(one)}`, ms: result.ms };
  };

  it("one that throws, rejects, or throws what is no error: the model is told what went wrong, and not where", async () => {
    const fall = () => {
      throw new Error("the index is down");
    };
    expect((await told(finds(fall))).message).toBe("the index is down");
    expect((await told(finds(async () => fall()))).message).toBe("the index is down");
    expect((await told(finds(() => Promise.reject(undefined)))).message).toBe("thrown: undefined");
  });

  it("one that hangs: told when its time is over", async () => {
    const { message, ms } = await told(finds(() => new Promise(() => {}), { timeout: "2s" }));
    expect(message).toBe("no answer within 2000 ms");
    expect(ms).toBeGreaterThanOrEqual(2_000);
  });

  it("one that gives what no journal can keep, or what its contract refuses: told as well", async () => {
    expect((await told(finds(() => new (class Page {})()))).message).toContain("Page");
    expect((await told(finds(() => () => {}))).message).toContain("function");
    expect((await told(finds(() => "many", { output: z.number() }))).message).toContain("expected number");
  });

  it("one that changes what it is given changes it for nobody else", async () => {
    const spoil = finds((input: { words?: unknown }) => {
      delete input.words;
      return "found";
    });
    const model: Model = ({ turn, turns }) =>
      turn === 1 ? { calls: [use("green")] } : { answer: { text: JSON.stringify(turns[0]?.reply.calls?.[0]?.input) } };
    const { result } = await run(here.place, asking(model, { tools: { search: spoil } }));
    expect(result).toMatchObject({ outcome: "succeeded", output: { text: '{"words":"green"}' } });
  });

  it("a model that says what no journal can keep: nothing of it is called, and the next of the ladder answers", async () => {
    const calls: unknown[] = [];
    const model: Model = () => ({ calls: [{ ...use("x"), input: { words: () => {} } }] });
    const made = asking([model, () => ({ answer: { text: "well" } })], {
      tools: { search: finds(() => calls.push(1)) },
    });
    const { engine, id, result } = await run(here.place, made);
    expect(result).toMatchObject({ outcome: "degraded", output: { text: "well" } });
    const [failed] = await entriesOfKind(engine, id, "attempt.failed");
    expect(failed?.failure).toMatchObject({ kind: "value", message: expect.stringContaining(".calls[0].input.words") });
    expect(calls).toEqual([]);
  });

  it("a model whose reply cannot even be read has failed that attempt", async () => {
    const hostile = Object.defineProperty({}, "answer", {
      enumerable: true,
      get: () => {
        throw new Error("do not look");
      },
    });
    const model: Model = (_, { attempt }) => (attempt === 1 ? hostile : { answer: { text: "well" } });
    const { result } = await run(here.place, asking(model));
    expect(result.outcome).toBe("succeeded");
  });
});

describe("rule 32: models that will not stop", () => {
  const here = usePlace("memory");
  const same =
    (usd: number): Model =>
    (_, { spend }) => {
      spend({ usd });
      return { calls: [use("green")] };
    };

  it("the same tool again and again: as many turns as it has, and each is journaled once", async () => {
    const calls: unknown[] = [];
    const { engine, id, result } = await run(
      here.place,
      asking(same(0), { maxTurns: 7, tools: { search: search(calls) } }),
    );
    expect(result).toMatchObject({
      outcome: "failed",
      failure: { kind: "limit", message: "not good enough after 7 turns" },
    });
    expect(calls).toHaveLength(7);
    expect(await entriesOfKind(engine, id, "turn.completed")).toHaveLength(7);
  });

  it.each([
    ["met to the cent", { usd: 0.3 }, 3],
    ["passed in the middle of a turn", { usd: 0.25 }, 3],
    ["met by the first turn", { usd: 0.1 }, 1],
  ])("a bound of cost %s: no turn after it, and the failure says what it cost", async (_, maxCost, turns) => {
    const calls: unknown[] = [];
    const made = asking(same(0.1), { maxCost, maxTurns: 9, tools: { search: search(calls) } });
    const { result } = await run(here.place, made);
    expect(result).toMatchObject({ outcome: "failed", failure: { kind: "limit" } });
    expect(result.failure?.message).toMatch(
      new RegExp(`after ${turns} turns?, which cost 0.\\d of ${maxCost.usd} dollars`),
    );
    expect(calls).toHaveLength(turns);
  });

  it("what refused replies and tools cost counts too, and an answer counts though it passed the bound", async () => {
    const paid = finds((_, { spend }) => {
      spend({ tokens: 40 });
      return "found";
    });
    const model: Model = ({ turn }, { spend, attempt }) => {
      spend({ tokens: 30 });
      if (attempt === 1) return "no" as never;
      return turn < 3 ? { calls: [use("x")] } : { answer: { text: "well" } };
    };
    const bound = (tokens: number) => asking(model, { maxCost: { tokens }, tools: { search: paid } });
    const { result } = await run(here.place, bound(201));
    expect(result).toMatchObject({ outcome: "succeeded", cost: { tokens: 260 } });
    const { result: stopped } = await run(here.place, bound(200));
    expect(stopped).toMatchObject({
      outcome: "failed",
      failure: { message: expect.stringContaining("cost 200 of 200 tokens") },
    });
  });
});

for (const kind of storeKinds) {
  describe(`tools that act, killed half-way: ${kind}`, () => {
    const here = usePlace(kind);

    /** Books twice in one turn; the second booking is under way when the process dies. */
    function booking(
      half: () => Promise<unknown>,
      said: string[],
      again: () => unknown,
    ): Flow<Record<string, never>, string> {
      let killed = false;
      const book = tool({
        description: "books",
        input: z.object({ seat: z.number() }),
        output: z.string(),
        kind: "effect",
        retry: { maxAttempts: 2, delay: 0 },
        compensate: ({ key }) => void said.push(`undo ${key.slice(key.indexOf(":"))}`),
        run: async ({ seat }, context) => {
          said.push(`book ${seat} ${context.idempotencyKey.slice(context.idempotencyKey.indexOf(":"))}`);
          if (seat === 2 && !killed) {
            killed = true;
            await half();
          }
          if (seat === 2) await again();
          return `seat ${seat}`;
        },
      });
      const model: Model = ({ turn, turns }) => {
        said.push(`turn ${turn}`);
        if (turn > 1)
          return { answer: { text: turns.flatMap(({ results }) => results.map(({ status }) => status)).join() } };
        return { calls: [1, 2].map((seat) => ({ id: String(seat), tool: "book", input: { seat } })) };
      };
      return flow("travelling", {
        input: z.object({}),
        build: ($) =>
          $.agent("trip", {
            needs: { topic: "trip" },
            tools: { book },
            output: z.object({ text: z.string() }),
            maxTurns: 3,
          }).by(model).text,
      });
    }
    const first = ":trip[1].calls[0].tool.book.run:0";
    const second = ":trip[1].calls[1].tool.book.run:0";

    async function killedHalfWay(again: () => unknown) {
      const { place } = here;
      const said: string[] = [];
      const begun = signal();
      const held = signal<unknown>();
      const half = () => {
        begun.resolve();
        return held.promise;
      };
      const made = booking(half, said, again);
      const engine = await place.open([made]);
      const started = await engine.start(made, {}, { key: "k" });
      await drive(place, begun.promise);
      let completed = 0;
      // The model has spoken, and the first booking is done.
      await drive(
        place,
        until(engine, started.id, "step.completed", () => ++completed === 2),
      );
      const resumed = await place.restart([made]);
      const result = await drive(place, (await resumed.handle(started.id)).result());
      held.resolve(undefined);
      return { said, result, resumed, id: started.id };
    }

    it("rules 5, 6 and 7: it is tried again under the same key; the model is not asked again for that turn", async () => {
      const { said, result, resumed, id } = await killedHalfWay(() => {});
      expect(result).toMatchObject({ outcome: "succeeded", output: "success,success", standing: [] });
      expect(said).toEqual(["turn 1", `book 1 ${first}`, `book 2 ${second}`, `book 2 ${second}`, "turn 2"]);
      const lost = (await entriesOfKind(resumed, id, "attempt.lost")).map(({ slot }) => slot);
      const { slots } = await stateOf(resumed, id);
      expect(lost.map((slot) => slots[slot]?.node.name)).toEqual(["run"]);
    });

    it("rule 7: when it does not come through, it alone is undone, and then the model is told", async () => {
      const { said, result } = await killedHalfWay(() => {
        throw new Error("the desk is closed");
      });
      expect(result).toMatchObject({ outcome: "degraded", output: "success,failure", standing: [] });
      expect(said.slice(0, 3)).toEqual(["turn 1", `book 1 ${first}`, `book 2 ${second}`]);
      expect(said.slice(-2)).toEqual([`undo ${second}`, "turn 2"]);
      expect(said.filter((line) => line.startsWith("undo"))).toEqual([`undo ${second}`]);
    });
  });
}
