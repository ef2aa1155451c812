// Arbitrary entries about a flow with every node that opens scopes or waits: for properties that must hold for any journal.
import fc from "fast-check";
import { type Entry, type FlowBuilder, flow, optional, type Reference } from "../src/index.ts";
import { any, never } from "./stage.ts";

const undo = { run: never, retry: { maxAttempts: 2, delay: 0 } };
const called = flow("called", { input: any(), build: () => null });

const booking = ($: FlowBuilder) =>
  $.step("book", { kind: "effect", output: any(), compensate: undo }).by(never, { run: never, name: "other" });

/** Slots 0 to 6 are those of the flow itself; what is entered comes after. */
export const nested = flow("nested", {
  input: any<{ list: unknown[] }>(),
  build: ($, input) => {
    const way = $.branch("way", { choose: () => "a" as const, cases: { a: booking, b: () => "constant" } });
    const score = $.ensemble("score", {
      output: any<number>(),
      quorum: 1,
      settle: "quorum",
      combine: never,
      below: never,
    }).by({ one: never, two: never });
    const all = $.map("all", { over: input.list, each: booking, onFailure: "drop", concurrency: 2 });
    const turns = $.loop("turns", {
      output: any(),
      body: booking as never,
      until: never,
      maxTurns: 2,
      maxCost: { tokens: 20 },
      atLimit: never,
    });
    const sub = $.call("sub", { flow: called, input: { id: 1 } });
    const pause = $.sleep("pause", { until: never });
    const go = $.signal("go", { schema: any(), timeout: 100, onTimeout: never });
    const without = (reference: Reference) => optional(reference, { onFailure: true });
    return { way: without(way), score, all: without(all), turns: without(turns), sub, pause, go };
  },
});

const kind = <K extends string>(name: K) => fc.constant(name);
const small = fc.integer({ min: 0, max: 3 });
const at = fc.integer({ min: 0, max: 3_000_000 });
const said = { at, slot: fc.integer({ min: -1, max: 14 }) };
const value = fc.constantFrom("1", '{"a":1}', "[1,2]");
const failure = fc.record({ kind: fc.constantFrom("error" as const, "scope" as const), message: fc.constant("m") });
const attempt = { ...said, rung: small, attempt: small, ms: fc.constant(1) };
const cost = fc.constant({ usd: 1, tokens: 9 });
const outcome = fc.constantFrom("succeeded" as const, "degraded" as const, "failed" as const);
const known = { name: fc.constantFrom("go", "other"), id: fc.constantFrom("1", "2") };
const optionally = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Takes fields away that are undefined: an entry has them or has not. */
function tidy(entry: object): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([, field]) => field !== undefined)) as unknown as Entry;
}

export const nestedEntry: fc.Arbitrary<Entry> = fc
  .oneof(
    fc.record({
      kind: kind("scope.entered"),
      ...said,
      scope: fc.integer({ min: 0, max: 9 }),
      key: fc.constantFrom("a", "b", 0, 1, 2, undefined),
    }),
    fc.record({ kind: kind("items.listed"), ...said, items: fc.constantFrom(["1", "2"], [], ["1", "2", "3"]) }),
    fc.record({ kind: kind("turn.completed"), ...said, turn: small, value, done: fc.boolean() }),
    fc.record({ kind: kind("scope.closed"), ...said }),
    fc.record({ kind: kind("scope.stopped"), ...said, key: optionally(small), failure, need: optionally(said.slot) }),
    fc.record({ kind: kind("scope.failed"), ...said, key: small, failure }),
    fc.record({
      kind: kind("scope.completed"),
      ...said,
      value: optionally(value),
      degraded: optionally(fc.constant("d")),
    }),
    fc.record({ kind: kind("sleep.started"), ...said, dueAt: at }),
    fc.record({
      kind: kind("signal.received"),
      at,
      ...known,
      value,
    }),
    fc.record({ kind: kind("signal.handed"), at, signals: fc.array(fc.record({ ...known, run: kind("r.4") })) }),
    fc.record({ kind: kind("signal.settled"), at, back: fc.array(fc.record(known)) }),
    fc.record({ kind: kind("signal.awaited"), ...said, dueAt: at }),
    fc.record({
      kind: kind("signal.answered"),
      ...said,
      value,
      via: fc.constantFrom("signal", "timeout"),
      id: optionally(fc.constant("1")),
    }),
    fc.record({ kind: kind("call.requested"), ...said, run: fc.constant("r.4") }),
    fc.record({
      kind: kind("call.answered"),
      ...said,
      outcome,
      value: optionally(value),
      failure: optionally(failure),
      ms: small,
      cost: optionally(cost),
    }),
    fc.record({ kind: kind("run.held"), at, outcome: kind("succeeded"), output: value }),
    fc.record({ kind: kind("run.left"), at }),
    fc.record({ kind: kind("answer.lost"), at }),
    fc.record({ kind: kind("hedge.started"), ...said, rung: small, attempt: small }),
    fc.record({ kind: kind("attempt.started"), ...said, rung: small, attempt: small }),
    fc.record({ kind: kind("attempt.lost"), ...said, rung: small, attempt: small, because: optionally(kind("left")) }),
    fc.record({
      kind: kind("attempt.failed"),
      ...attempt,
      cost: optionally(cost),
      failure,
      retryable: fc.boolean(),
      hedge: optionally(fc.constant(true)),
    }),
    fc.record({ kind: kind("step.completed"), ...attempt, cost: optionally(cost), value }),
    fc.record({ kind: kind("step.skipped"), ...said, because: kind("when") }),
    fc.record({ kind: kind("step.failed"), ...said, failure, need: optionally(fc.integer({ min: 0, max: 6 })) }),
    fc.record({ kind: kind("timer.fired"), ...said, timer: fc.constantFrom("sleep", "signal", "retry") }),
    fc.record({ kind: kind("compensation.started"), ...said, attempt: small }),
    fc.record({ kind: kind("compensation.failed"), ...said, attempt: small, ms: small, failure }),
    fc.record({ kind: kind("compensation.completed"), ...said, attempt: small, ms: small }),
    fc.record({ kind: kind("run.stopped"), at, cause: fc.constantFrom("cancel", "parent") }),
    fc.record({ kind: kind("cancel.requested"), at }),
  )
  .map(tidy);
