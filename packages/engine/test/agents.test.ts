// Agents: tools as steps, tools that act, limits of turns and cost. The model is a script; what it says wrong is agent-replies.test.ts,
// tools that misbehave are agent-tools.test.ts.
import { flow, tool } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking, type Model, once, run, search, use } from "./fixtures/asking.ts";
import { drive, entriesOfKind, stateOf, storeKinds, until, usePlace } from "./fixtures/place.ts";

describe("turns and tools", () => {
  const here = usePlace("memory");

  it("each turn and each call of a tool is a step; the model is given needs, tools and the turns before", async () => {
    const { place } = here;
    const calls: unknown[] = [];
    const seen: unknown[] = [];
    const model: Model = ({ needs, turn, turns, tools }) => {
      seen.push([needs, turn, Object.entries(tools).map(([name, { description }]) => `${name}: ${description}`)]);
      if (turn === 1)
        return {
          text: "looking",
          calls: [use("green", "a"), { ...use("black", "b"), input: { words: "black", most: 1 } }],
        };
      const found = turns.flatMap(({ results }) => results);
      return { answer: { text: JSON.stringify(found) } };
    };
    const { engine, id, result } = await run(place, asking(model, { tools: { search: search(calls) } } as never));
    expect(result.outcome).toBe("succeeded");
    expect(JSON.parse(result.output?.text ?? "")).toEqual([
      { id: "a", tool: "search", status: "success", output: ["green 0", "green 1", "green 2"] },
      { id: "b", tool: "search", status: "success", output: ["black 0"] },
    ]);
    expect(seen).toEqual([
      [{ topic: "tea" }, 1, ["search: finds pages"]],
      [{ topic: "tea" }, 2, ["search: finds pages"]],
    ]);
    expect(calls).toEqual([
      ["research[1].calls[0].tool.search.run", "green", 3],
      ["research[1].calls[1].tool.search.run", "black", 1],
    ]);
    const { slots } = await stateOf(engine, id);
    expect(slots.filter(({ node }) => node.name === "model").map(({ status }) => status)).toEqual([
      "completed",
      "completed",
    ]);
  });

  it("a ladder of models: the second answers the turn when the first is down, as a degradation", async () => {
    const { place } = here;
    const down: Model = () => {
      throw new Error("model down");
    };
    const { result } = await run(place, asking([down, () => ({ answer: { text: "second" } })]));
    expect(result).toMatchObject({
      outcome: "degraded",
      output: { text: "second" },
      degradations: [{ path: "research[1].model", kind: "fallback" }],
    });
  });
});

describe("limits", () => {
  const here = usePlace("memory");
  const never: Model = ({ turn }, { spend }) => {
    spend({ usd: 0.3 });
    return { calls: [use(`turn ${turn}`)] };
  };

  it("maxTurns: the agent fails, or gives the declared answer of all its turns", async () => {
    const { place } = here;
    expect((await run(place, asking(never))).result).toMatchObject({
      outcome: "failed",
      failedAt: "research",
      failure: { kind: "limit" },
    });
    const atLimit = (turns: readonly { results: readonly unknown[] }[]) => ({ text: `${turns.length} turns` });
    expect((await run(place, asking(never, { atLimit } as never))).result).toMatchObject({
      outcome: "degraded",
      output: { text: "4 turns" },
      degradations: [{ path: "research", kind: "at-limit" }],
    });
  });

  it("rule 11: the declared answer is held to the agent's contract too", async () => {
    const { place } = here;
    const broken = (await run(place, asking(never, { atLimit: () => ({ text: 5 }) } as never))).result;
    expect(broken).toMatchObject({ outcome: "failed", failedAt: "research" });
    expect(broken.failure?.message).toMatch(/text/);
  });

  it("maxCost: no turn begins when those before have cost so much", async () => {
    const { place } = here;
    const { engine, id, result } = await run(place, asking(never, { maxCost: { usd: 0.5 } } as never));
    expect(result).toMatchObject({ outcome: "failed", failure: { kind: "limit" } });
    expect(await entriesOfKind(engine, id, "turn.completed")).toHaveLength(2);
  });
});

for (const kind of storeKinds) {
  describe(`tools that act: ${kind}`, () => {
    const here = usePlace(kind);

    const booking = (said: string[]) =>
      tool({
        description: "books",
        input: z.object({ seat: z.number() }),
        output: z.string(),
        kind: "effect",
        retry: once,
        compensate: ({ needs, output, certainty }) =>
          void said.push(`undo ${JSON.stringify(needs.input)} ${output} ${certainty}`),
        run: ({ seat }) => {
          said.push(`book ${seat}`);
          if (seat === 13) throw new Error("no answer from the desk");
          return `seat ${seat}`;
        },
      });
    const travelling = (said: string[], model: Model, fails: boolean) =>
      flow("travelling", {
        input: z.object({}),
        build($) {
          const trip = $.agent("trip", {
            needs: { topic: "trip" },
            tools: { book: booking(said) },
            output: z.object({ text: z.string() }),
            maxTurns: 3,
          }).by(model);
          return $.step("tell", { needs: { text: trip.text }, output: z.string(), retry: once }).by(({ text }) => {
            if (fails) throw new Error("nobody there");
            return text;
          });
        },
      });
    const book = (...seats: unknown[]) => ({
      calls: seats.map((seat, i) => ({ id: String(i), tool: "book", input: { seat } })),
    });

    it("rule 8: what a tool did is undone when the run fails, last first, and not when it succeeds", async () => {
      const { place } = here;
      for (const fails of [false, true]) {
        const said: string[] = [];
        const made = travelling(said, ({ turn }) => (turn < 3 ? book(turn) : { answer: { text: "done" } }), fails);
        const engine = await place.open([made]);
        const result = await drive(place, (await engine.start(made, {})).result());
        expect(result).toMatchObject({ outcome: fails ? "failed" : "succeeded", standing: [] });
        const undone = ['undo {"seat":2} seat 2 applied', 'undo {"seat":1} seat 1 applied'];
        expect(said).toEqual(["book 1", "book 2", ...(fails ? undone : [])]);
      }
    });

    it("rule 7: one that failed in doubt is undone before the model is told; one whose input was refused did not begin", async () => {
      const { place } = here;
      const said: string[] = [];
      const model: Model = ({ turn, turns }) => {
        if (turn === 1) return book(13, "aisle");
        said.push("told");
        return { answer: { text: turns.flatMap(({ results }) => results.map(({ status }) => status)).join() } };
      };
      const made = travelling(said, model, false);
      const engine = await place.open([made]);
      const result = await drive(place, (await engine.start(made, {})).result());
      expect(result).toMatchObject({ outcome: "degraded", output: "failure,failure", standing: [] });
      expect(said).toEqual(["book 13", 'undo {"seat":13} undefined in-doubt', "told"]);
    });

    it("rule 5: over a crash turns and tools that were recorded are not asked again", async () => {
      const { place } = here;
      const said: string[] = [];
      const made = travelling(
        said,
        async ({ turn }) => {
          said.push(`turn ${turn}`);
          return turn < 3 ? book(turn) : { answer: { text: "done" } };
        },
        false,
      );
      const first = await place.open([made]);
      const started = await first.start(made, {}, { key: "k" });
      await drive(place, until(first, started.id, "turn.completed"));
      const known = said.slice();
      const second = await place.restart([made]);
      const result = await drive(place, (await second.handle(started.id)).result());
      expect(result.output).toBe("done");
      expect(known.slice(0, 2)).toEqual(["turn 1", "book 1"]);
      expect(said.filter((line) => line === "turn 1" || line === "book 1")).toEqual(["turn 1", "book 1"]);
    });
  });
}
