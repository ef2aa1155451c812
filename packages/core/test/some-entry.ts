// Arbitrary entries about a small flow that has one of everything: for properties that must hold for any journal, also a hostile one.
import fc from "fast-check";
import { type Entry, flow, optional } from "../src/index.ts";
import { any, never } from "./stage.ts";

const undo = { run: never, retry: { maxAttempts: 2, delay: 0 } };

export const mixed = flow("mixed", {
  input: any(),
  deadline: { after: "1m", answer: never },
  build: ($) => {
    const read = $.step("read", { output: any(), retry: { maxAttempts: 2 } }).by(never, {
      run: never,
      breaker: { name: "b" },
    });
    const effect = $.step("effect", { kind: "effect", output: any(), compensate: undo, when: never }).by(never, never);
    const ask = $.approval("ask", {
      needs: { effect },
      decision: any<object>(),
      desk: "d",
      timeout: "1m",
      onTimeout: never,
      breaker: { after: 1, openFor: 1, decide: {} },
    });
    const last = $.step("last", { needs: { read: optional(read, { onFailure: true }), ask }, output: any() }).by(never);
    $.step("lasting", { kind: "effect", output: any(), after: last }).by(never);
    return { last };
  },
});

const failure = fc.record({
  kind: fc.constantFrom("error" as const, "not-applied" as const, "timeout" as const, "need" as const),
  message: fc.constant("m"),
});
const said = { at: fc.integer({ min: 0, max: 3_000_000 }), slot: fc.integer({ min: -1, max: 6 }) };
const run = { at: said.at };
const number = fc.integer({ min: 0, max: 3 });
const attempt = { ...said, rung: number, attempt: number, ms: fc.constant(1) };
const cost = fc.constant({ usd: 1, tokens: 2 });
const value = fc.constant('{"a":1}');
const kind = <K extends string>(name: K) => fc.constant(name);

/** Shapes are right; whether they make sense where they stand is left to chance. */
export const someEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: kind("condition.answered"), ...said, answer: fc.constant(true as const) }),
  fc.record({
    kind: kind("admission.answered"),
    ...said,
    breaker: fc.constant("b"),
    epoch: number,
    admission: fc.constantFrom("admitted" as const, "probe" as const, "refused" as const),
  }),
  fc.record({ kind: kind("attempt.started"), ...said, rung: number, attempt: number }),
  fc.record({ kind: kind("attempt.progressed"), ...said, attempt: number, fraction: fc.constant(0.5) }),
  fc.record({ kind: kind("attempt.failed"), ...attempt, failure, retryable: fc.boolean() }),
  fc.record({ kind: kind("attempt.lost"), ...said, rung: number, attempt: number }),
  fc.record({ kind: kind("attempt.superseded"), ...attempt, because: fc.constant("b"), cost }),
  fc.record({ kind: kind("attempt.late"), ...said, attempt: number, result: fc.constant("value" as const), cost }),
  fc.record(
    { kind: kind("retry.scheduled"), ...said, dueAt: said.at, of: fc.constant("compensation" as const) },
    { requiredKeys: ["kind", "at", "slot", "dueAt"] },
  ),
  fc.record({ kind: kind("timer.fired"), ...said, timer: fc.constantFrom("retry" as const, "approval" as const) }),
  fc.record({ kind: kind("timer.fired"), ...run, timer: fc.constant("deadline" as const) }),
  fc.record({ kind: kind("rung.entered"), ...said, rung: number, because: fc.constant("b") }),
  fc.record({ kind: kind("step.completed"), ...attempt, value }),
  fc.record({ kind: kind("step.skipped"), ...said, because: fc.constant("when" as const) }),
  fc.record({ kind: kind("step.failed"), ...said, failure }),
  fc.record({ kind: kind("approval.requested"), ...said, desk: fc.constant("d"), dueAt: said.at }),
  fc.record({
    kind: kind("approval.decided"),
    ...said,
    value,
    via: fc.constantFrom("person" as const, "timeout" as const, "breaker" as const),
  }),
  fc.record({ kind: kind("decision.refused"), ...said, because: fc.constant("late" as const) }),
  fc.record({ kind: kind("cancel.requested"), ...run }),
  fc.record({
    kind: kind("run.stopped"),
    ...run,
    cause: fc.constantFrom("failure" as const, "cancel" as const, "deadline" as const),
  }),
  fc.record({ kind: kind("compensation.started"), ...said, attempt: number }),
  fc.record({ kind: kind("compensation.failed"), ...said, attempt: number, ms: number, failure }),
  fc.record({ kind: kind("compensation.completed"), ...said, attempt: number, ms: number }),
  fc.record({ kind: kind("compensation.abandoned"), ...said, because: fc.constant("b") }),
  fc.record({ kind: kind("run.ended"), ...run, outcome: fc.constantFrom("succeeded" as const, "failed" as const) }),
);
