// `why` through branches, ensembles, maps and loops: into the case, the item, the turn and the members that made a field.
import { type Flow, flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { overviewOf, type Why, why } from "../src/index.ts";
import { journalOf, pages, refine, route, score } from "./fixtures/patterns.ts";

const paths = ({ steps }: Why) => steps.map(({ path }) => path);
const evidence = ({ suspects }: Why) => suspects.map(({ path, evidence }) => [path, evidence[0]?.kind]);

function step(told: Why, path: string) {
  const found = told.steps.find((one) => one.path === path);
  if (!found) throw new Error(`${path} is not on the way: ${paths(told).join(", ")}`);
  return found;
}

const needs = (told: Why, path: string) =>
  step(told, path).needs.map(({ as, path: from, field, role }) => [as, from, field, ...(role ? [role] : [])]);

describe("a branch", () => {
  it("leads into the chosen case alone, and to what it was chosen by", async () => {
    const { record } = await journalOf(route, { message: "hi", sentiment: 0.9 });
    const told = why(record, "text");
    expect(paths(told)).toEqual(["route", "route.automatic.write", "mood"]);
    expect(step(told, "route")).toMatchObject({
      answeredBy: "automatic",
      reads: [{ field: "text", value: "Thanks: hi" }],
      story: { scope: { kind: "branch", case: "automatic" } },
    });
    expect(needs(told, "route")).toEqual([
      ["", "route.automatic.write", ""],
      ["value", "mood", "value", "choice"],
    ]);
    expect(told.input.map(({ field }) => field)).toEqual(["message", "sentiment"]);
    expect(told.suspects).toEqual([]);
  });

  it("names the decision that nobody made inside of it", async () => {
    const { record } = await journalOf(route, { message: "hi", sentiment: 0.1 });
    expect(evidence(why(record, "text"))).toEqual([["route.human.agent", "automatic-decision"]]);
    expect(why(record, "by").steps.map(({ path }) => path)).toEqual(["route", "mood"]);
  });

  it("a step in a case is never told without what chose that case, also when it failed the run", async () => {
    const risky = flow("risky", {
      input: z.object({ size: z.number() }),
      build($, { size }) {
        const sized = $.step("size", { needs: { size }, output: z.number() }).by(({ size }) => size);
        return $.branch("by-size", {
          needs: { sized },
          choose: ({ sized }) => (sized > 1 ? "large" : "small"),
          cases: {
            large: ($) =>
              $.step("lift", { output: z.string(), retry: { maxAttempts: 1 } }).by(() => {
                throw new Error("too heavy");
              }),
            small: () => "done",
          },
        });
      },
    });
    const { record } = await journalOf(risky, { size: 2 });
    const told = why(record);
    expect(told).toMatchObject({ about: "failure", outcome: "failed" });
    expect(paths(told)).toEqual(["by-size.large.lift", "by-size", "size"]);
    expect(step(told, "by-size").reads).toEqual([]);
    expect(evidence(told)[0]).toEqual(["by-size.large.lift", "failed"]);
    expect(paths(why(record, "by-size.large.lift"))).toEqual(["by-size.large.lift", "by-size", "size"]);
  });
});

describe("an ensemble", () => {
  it("leads to the members that counted, and names the one that was missed", async () => {
    const { record } = await journalOf(score({ graph: "hangs" }), { amount: 1 });
    const told = why(record, "risk");
    expect(told.fields[0]).toMatchObject({ value: 0.6, sources: [{ path: "ask", field: "value" }] });
    expect(step(told, "ask").needs.map(({ as, taken, absorbs }) => [as, taken ?? absorbs])).toEqual([
      ["rules", true],
      ["trees", true],
      ["graph", "failure"],
    ]);
    expect(step(told, "ask").story.scope).toMatchObject({
      quorum: 2,
      given: 2,
      votes: [
        { member: "rules", status: "success" },
        { member: "trees", status: "success" },
        { member: "graph", status: "timeout", message: expect.stringContaining("20 ms") },
      ],
    });
    expect(evidence(told)).toEqual([
      ["ask.graph", "failed"],
      ["ask", "missing-voice"],
    ]);
    expect(told.suspects[1]?.evidence[0]?.words).toBe("1 of 3 members missing: graph (timeout)");
    expect(paths(why(record, "graph"))).toEqual(["ask", "ask.graph"]);
  });

  it("below its quorum says that its answer was declared", async () => {
    const { record } = await journalOf(score({ graph: "throws", rules: "garbage" }, { risk: -1 }), { amount: 1 });
    const told = why(record, "risk");
    expect(told.fields[0]?.value).toBe(-1);
    const own = told.suspects.find(({ path }) => path === "ask")?.evidence.map(({ words }) => words);
    expect(own).toEqual([
      "1 of 3 members answered, 2 are needed: declared answer",
      "2 of 3 members missing: rules (contract), graph (error)",
    ]);
  });

  it("that fails is followed to its members", async () => {
    const { record } = await journalOf(score({ graph: "throws", rules: "throws" }), { amount: 1 });
    expect(paths(why(record))).toEqual(["ask", "ask.rules", "ask.trees", "ask.graph"]);
    expect(evidence(why(record))[0]).toEqual(["ask", "failed"]);
  });

  it("that did not wait for a member does not lead to it", async () => {
    const hasty = flow("hasty", {
      input: z.object({}),
      build: ($) =>
        $.ensemble("ask", {
          output: z.number(),
          quorum: 1,
          settle: "quorum",
          combine: ([first]) => first as number,
        }).by({ quick: () => 1, never: () => new Promise<number>(() => {}) }),
    });
    const { record } = await journalOf(hasty, {});
    const told = why(record, "value");
    expect(paths(told)).toEqual(["ask", "ask.quick"]);
    expect(told.suspects).toEqual([]);
  });
});

describe("a map", () => {
  const torn = { title: "t", pages: [{ scan: "a" }, { scan: "torn" }, { scan: "c" }] };

  it("leads from one answer to the item that it was made of, also after one that was left out", async () => {
    const { record } = await journalOf(pages("drop"), torn);
    const told = why(record, "pages[1].text");
    expect(told.fields[0]?.value).toBe("2: c");
    expect(paths(told)).toEqual(["pages", "pages[2].read"]);
    expect(needs(told, "pages[2].read")).toEqual([
      ["scan", "", "pages.2.scan"],
      ["index", "pages", "index"],
      ["title", "", "title"],
    ]);
    expect(told.input).toEqual([
      { field: "pages.2.scan", value: "c" },
      { field: "title", value: "t" },
    ]);
    expect(told.suspects.map(({ evidence: [first] }) => first?.words)).toEqual([
      "1 of 3 items failed and were left out: 1",
    ]);
  });

  it("that collects failures leads from each place to its own item", async () => {
    const { record } = await journalOf(pages("collect"), torn);
    expect(paths(why(record, "pages[2].value.text"))).toEqual(["pages", "pages[2].read"]);
    expect(paths(why(record, "pages[1]"))).toEqual(["pages", "pages[1].read"]);
    expect(evidence(why(record, "pages[1]"))).toEqual([
      ["pages[1].read", "failed"],
      ["pages", "dropped-items"],
    ]);
  });

  it("that fails is followed from the step that failed", async () => {
    const { record } = await journalOf(pages("fail"), torn);
    expect(why(record)).toMatchObject({ about: "failure", suspects: [{ path: "pages[1].read" }] });
  });

  it("that is long and read whole is followed within bounds, what went wrong in any case", async () => {
    const scans = Array.from({ length: 400 }, (_, index) => ({ scan: index === 390 ? "torn" : `p${index}` }));
    const { record } = await journalOf(pages("drop"), { title: "t", pages: scans });
    const told = why(record, "pages");
    expect(told.steps.length).toBe(101);
    expect(told.suspects.map(({ path }) => path)).toEqual(["pages[390].read", "pages"]);
  });
});

describe("a loop", () => {
  it("leads to the turn that answered, to what it took from the turn before, and to the start", async () => {
    const { record } = await journalOf(refine(2), { notes: "n" });
    const told = why(record, "text");
    expect(paths(told)).toEqual(["refine", "refine[2].draft", "refine[1].draft", "outline"]);
    expect(needs(told, "refine")).toEqual([["", "refine[2].draft", "text"]]);
    expect(needs(told, "refine[2].draft")).toEqual([
      ["before", "refine[1].draft", "text"],
      ["score", "refine[1].draft", "score"],
    ]);
    expect(needs(told, "refine[1].draft")[0]).toEqual(["before", "outline", "text"]);
    expect(told.suspects).toEqual([]);
  });

  it("at its limit says so", async () => {
    const { record } = await journalOf(refine(9), { notes: "n" });
    expect(why(record, "text").suspects).toEqual([
      {
        path: "refine",
        evidence: [
          {
            kind: "at-limit",
            strength: "strong",
            words: "none of 3 turns was enough: what is declared for that was taken",
          },
        ],
      },
    ]);
    const { record: failed } = await journalOf(refine(9, "fail"), { notes: "n" });
    expect(why(failed).steps.slice(0, 2)).toMatchObject([
      { path: "refine", status: "failed" },
      { path: "refine[3].draft", status: "succeeded" },
    ]);
  });

  it("whose answer at the limit is made of all turns leads to all of them", async () => {
    const best = flow("best", {
      input: z.object({}),
      build: ($) =>
        $.loop("throw", {
          output: z.number(),
          maxTurns: 2,
          until: () => false,
          atLimit: (turns) => Math.max(...turns),
          body: ($, _previous, turn) => $.step("die", { needs: { turn }, output: z.number() }).by(({ turn }) => turn),
        }),
    });
    const { record } = await journalOf(best as Flow, {});
    expect(paths(why(record))).toEqual(["throw", "throw[1].die", "throw[2].die"]);
  });
});

it("the overview has what each node chose, went over, repeated or asked, by path", async () => {
  const records = await Promise.all([
    journalOf(route, { message: "hi", sentiment: 0.9 }),
    journalOf(pages("drop"), { title: "t", pages: [{ scan: "torn" }, { scan: "b" }] }),
    journalOf(refine(2), { notes: "n" }),
    journalOf(score({ graph: "throws" }), { amount: 1 }),
  ]);
  const [chosen, read, refined, asked] = records.map(({ record }) => overviewOf(record).scopes);
  expect(chosen).toEqual({ route: { kind: "branch", case: "automatic" } });
  expect(read?.pages).toMatchObject({ kind: "map", items: 2, done: 2, open: 0, failed: 1, lost: [{ item: 0 }] });
  expect(refined?.refine).toEqual({ kind: "loop", turn: 2, maxTurns: 3, isEnough: true });
  expect(asked?.ask).toMatchObject({ kind: "ensemble", quorum: 2, given: 2, votes: [{}, {}, { status: "error" }] });
});
