// `evolve` is total for nested scopes too: any entry in any state is folded without throwing, and what comes out can be read, recovered and decided.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  advance,
  decide,
  type Entry,
  endOf,
  type FlowBuilder,
  flow,
  fold,
  newState,
  open,
  type Plan,
  type RunState,
  recover,
  resolve,
  standingOf,
  stepsOf,
  summaryOf,
} from "../src/index.ts";
import { nested, nestedEntry } from "./nested-entry.ts";
import { any, error, never, Stage } from "./stage.ts";

const env = { now: 2_000_000, chance: () => 0.5 };

/** What an engine would write, with a share of what it never would. */
const journals = fc.array(nestedEntry, { maxLength: 80 });

function kept({ plan: _plan, touched: _touched, ...state }: RunState): string {
  return JSON.stringify(state, (key, value) => {
    if (["frame", "node", "owner", "scope", "frames"].includes(key)) return undefined;
    return value instanceof Set || value instanceof Map ? [...value].length : value;
  });
}

/** Each entry is followed by what the core decides then, as in an engine, so that states deep inside are reached. */
function played(entries: readonly Entry[]): Entry[] {
  const { state, journal } = new Stage(nested, { list: [1, 2] });
  const all = [...journal];
  for (const entry of entries) {
    fold(state, [entry]);
    all.push(entry, ...advance(state, env).entries);
  }
  return all;
}

test("any entries in any order are folded without throwing; so is all that is read off what comes out", () => {
  fc.assert(
    fc.property(journals, fc.boolean(), (entries, alive) => {
      const state = fold(
        newState(nested.plan),
        alive ? played(entries) : [new Stage(nested).journal[0] as Entry, ...entries],
      );
      for (const { frame, node } of state.slots) resolve(state, frame, node.needs, open);
      for (const { scope } of state.frames.slice(0, 1)) resolve(state, state.frames[0] as never, scope.answer, open);
      for (const read of [summaryOf, stepsOf, standingOf, endOf, kept]) read(state);
      expect(decide(state, env)).toEqual(decide(state, env));
      fold(state, recover(state, env.now));
      advance(state, env);
    }),
    { numRuns: 3_000 },
  );
});

test("an ensemble that is closed after all have spoken, and a step that does without a failure that says no cause", () => {
  const all = { output: any<number>(), quorum: 1, combine: never };
  const build = ($: FlowBuilder) => $.ensemble("score", all).by({ one: never, two: never });
  const stage = new Stage(flow("all", { input: any(), build }));
  for (const member of ["one", "two"]) stage.completes(`score.${member}`, 1);
  stage.say({ kind: "scope.closed", at: 1, slot: 0 });
  expect([stage.status("score"), stage.due]).toEqual(["open", ["combine score"]]);
  const looping = new Stage(nested, { list: [] });
  looping.say({ kind: "scope.completed", at: 1, slot: looping.slot("turns").id });
  expect([looping.status("turns"), looping.given("turns")]).toEqual(["completed", undefined]);
  const chain = new Stage(
    flow("chain", {
      input: any(),
      build: ($) => {
        const a = $.step("a", { output: any() }).by(never);
        const b = $.step("b", { needs: { a }, output: any() }).by(never);
        return $.step("c", { needs: { b }, output: any() }).by(never);
      },
    }),
  );
  const failed = { kind: "step.failed", at: 1, failure: error("m") } as const;
  chain.say({ ...failed, slot: 0 }, { ...failed, slot: 1, need: 0 });
  expect(chain.all("step.failed").at(-1)).toMatchObject({ slot: 2, failure: { message: "its need b failed: m" } });
});

test("the same journal gives the same state, through text, and in one fold or many", () => {
  fc.assert(
    fc.property(journals, fc.nat(80), (entries, cut) => {
      const journal = played(entries);
      const whole = fold(newState(nested.plan), journal);
      const text = JSON.parse(JSON.stringify(journal)) as Entry[];
      const plan = JSON.parse(JSON.stringify(nested.plan)) as Plan;
      const parts = fold(fold(newState(plan), text.slice(0, cut)), text.slice(cut));
      expect(kept(parts)).toBe(kept(whole));
      expect(decide(parts, env)).toEqual(decide(whole, env));
    }),
    { numRuns: 1_000 },
  );
});
