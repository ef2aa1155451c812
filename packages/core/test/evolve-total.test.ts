// `evolve` is total and deterministic: any entry in any state is folded without throwing, and what makes no sense changes nothing but the count.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  advance,
  applies,
  decide,
  type Entry,
  evolve,
  fold,
  newState,
  type Plan,
  type RunState,
  recover,
  standingOf,
  stepsOf,
  summaryOf,
} from "../src/index.ts";
import { mixed, someEntry } from "./some-entry.ts";
import { Stage } from "./stage.ts";

/** People are late after the end too, and so are bills. */
const afterwords: ReadonlySet<string> = new Set(["decision.refused", "attempt.superseded", "attempt.late"]);
const env = { now: 2_000_000, chance: () => 0.5 };

/** Everything in a state that is not plan, count or hint. */
function kept({ plan: _plan, length: _length, touched: _touched, updatedAt: _updatedAt, ...state }: RunState): string {
  return JSON.stringify(state, (key, value) =>
    key === "frame" || key === "node" ? undefined : value instanceof Set ? [...value] : value,
  );
}

describe("any entries in any order", () => {
  test("are folded without throwing; so are the readings of what comes out, deciding and recovering", () => {
    fc.assert(
      fc.property(fc.array(someEntry, { maxLength: 60 }), fc.boolean(), (entries, started) => {
        const state = started ? new Stage(mixed).state : newState(mixed.plan);
        fold(state, entries);
        for (const read of [summaryOf, stepsOf, standingOf, kept]) read(state);
        expect(decide(state, env)).toEqual(decide(state, env));
        fold(state, recover(state, env.now));
        advance(state, env);
      }),
      { numRuns: 2_000 },
    );
  });

  test("give the same state through text, and in one fold or many", () => {
    fc.assert(
      fc.property(fc.array(someEntry, { maxLength: 60 }), fc.nat(60), (entries, cut) => {
        const start = (plan: Plan) => fold(newState(plan), new Stage(mixed).journal.slice(0, 1));
        const whole = fold(start(mixed.plan), entries);
        const text = JSON.parse(JSON.stringify(entries)) as Entry[];
        const parts = fold(
          fold(start(JSON.parse(JSON.stringify(mixed.plan)) as Plan), text.slice(0, cut)),
          text.slice(cut),
        );
        expect(kept(parts)).toBe(kept(whole));
        expect(decide(parts, env)).toEqual(decide(whole, env));
      }),
      { numRuns: 1_000 },
    );
  });

  test("that have no meaning for their slot change nothing but the count", () => {
    fc.assert(
      fc.property(fc.array(someEntry, { maxLength: 40 }), someEntry, (before, entry) => {
        const { state } = new Stage(mixed);
        fold(state, before);
        const slot = "slot" in entry && entry.slot !== undefined ? state.slots[entry.slot] : undefined;
        const aboutSlot = "slot" in entry && entry.slot !== undefined && entry.kind !== "run.stopped";
        const open = state.phase !== "ended" || afterwords.has(entry.kind);
        if (!aboutSlot || (slot && open && applies(state, slot, entry as never))) return;
        const [was, { length, touched }] = [kept(state), state];
        evolve(state, entry);
        expect(kept(state)).toBe(was);
        expect([state.length, state.touched, state.updatedAt]).toEqual([length + 1, touched, entry.at]);
      }),
      { numRuns: 2_000 },
    );
  });
});

test("before it has started, and after it has ended, a run takes nothing in", () => {
  const early = newState(mixed.plan);
  fold(early, [
    { kind: "cancel.requested", at: 1 },
    { kind: "run.ended", at: 1, outcome: "failed" },
  ]);
  expect([early.phase, early.cancel, early.length]).toEqual(["running", undefined, 2]);
  expect(recover(early, 1)).toEqual([]);
  const stage = new Stage(mixed);
  const begun = kept(stage.state);
  evolve(stage.state, { ...(stage.journal[0] as Entry & { kind: "run.started" }), run: "another" });
  expect(kept(stage.state)).toBe(begun);
});

test("an undo that nobody decided, of an effect that stands well while the run goes on, changes nothing", () => {
  const stage = new Stage(mixed);
  stage.answers("effect");
  stage.completes("effect");
  const before = kept(stage.state);
  const { id: slot } = stage.slot("effect");
  fold(stage.state, [
    { kind: "compensation.started", at: 1, slot, attempt: 1 },
    { kind: "compensation.abandoned", at: 1, slot, because: "b" },
    { kind: "compensation.completed", at: 1, slot, attempt: 1, ms: 1 },
    { kind: "rung.entered", at: 1, slot, rung: 1, because: "b" },
  ]);
  expect(kept(stage.state)).toBe(before);
});

test("a plan without a scope folds to nothing", () => {
  const state = fold(newState({ ...mixed.plan, scopes: [] }), new Stage(mixed).journal);
  expect([state.frames, decide(state, env)]).toEqual([[], { entries: [], commands: [] }]);
});
