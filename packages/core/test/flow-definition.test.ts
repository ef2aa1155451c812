// Rule 33: a flow that is wrong is refused when it is defined, with a code, the place, and the way to mend it.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type ApprovalOptions,
  type Codec,
  durationMs,
  type FlowBuilder,
  flow,
  formatMs,
  lastGood,
  type Schema,
  type StepOptions,
  step,
  template,
} from "../src/index.ts";
import { accepting, any, never } from "./stage.ts";

type Options = Partial<StepOptions<unknown, never, Schema>> & Record<string, unknown>;

function withStep(options: Options, ...rungs: unknown[]) {
  return () =>
    flow("flawed", {
      input: any(),
      build: ($) =>
        $.step("s", { output: any(), ...options } as never).by(...((rungs.length > 0 ? rungs : [never]) as [never])),
    }).plan.scopes[0]?.nodes[0];
}

function withApproval(options: Partial<ApprovalOptions<unknown, never, Schema<object, object>>>) {
  const full = { decision: any<object>(), desk: "d", timeout: "5m", onTimeout: { approved: false }, ...options };
  return () => flow("flawed", { input: any(), build: ($) => $.approval("ask", full as never) });
}

const building = (build: ($: FlowBuilder) => unknown) => () => flow("flawed", { input: any(), build });
const refusal = (code: string, path: string) => expect.objectContaining({ code, path });

describe("rule 33: options that have no meaning", () => {
  test.each<[string, () => unknown, string, string]>([
    ["a flow's name", () => flow("a/b", { input: any(), build: () => 1 }), "option-invalid", "flow.name"],
    ["a step's name", building(($) => $.step("", { output: any() })), "option-invalid", "flawed.name"],
    ["no input contract", () => flow("x", {} as never), "contract-missing", "x.input"],
    ["no options at all", () => flow("x", undefined as never), "contract-missing", "x.input"],
    [
      "a wrong output contract",
      () => flow("x", { input: any(), output: {} as unknown as undefined, build: () => 1 }),
      "contract-missing",
      "x.output",
    ],
    ["no output contract", withStep({ output: undefined as never }), "contract-missing", "s.output"],
    ["a step without options", building(($) => $.step("s", undefined as never)), "contract-missing", "s.output"],
    [
      "an approval without options",
      building(($) => $.approval("a", undefined as never)),
      "contract-missing",
      "a.decision",
    ],
    [
      "no rung",
      building(($) => $.step("s", { output: any() }).by(...([] as unknown as [never]))),
      "step-without-rung",
      "s",
    ],
    ["a step never finished", building(($) => void $.step("s", { output: any() })), "step-without-rung", "s"],
    ["a kind that is none", withStep({ kind: "write" as never }), "option-invalid", "s.kind"],
    ["an undo of what is no effect", withStep({ compensate: never }), "option-invalid", "s.compensate"],
    [
      "an undo that is no function",
      withStep({ kind: "effect", compensate: {} as never }),
      "option-invalid",
      "s.compensate",
    ],
    ["after something that is no step", withStep({ after: "b" as never }), "option-invalid", "s.after"],
    ["a condition that is no function", withStep({ when: true as never }), "option-invalid", "s.when"],
    ["no attempts", withStep({ retry: { maxAttempts: 0 } }), "option-invalid", "s.retry.maxAttempts"],
    ["too many attempts", withStep({ retry: { maxAttempts: 1_001 } }), "option-invalid", "s.retry.maxAttempts"],
    ["half an attempt", withStep({ retry: { maxAttempts: 1.5 } }), "option-invalid", "s.retry.maxAttempts"],
    ["jitter beyond all", withStep({ retry: { jitter: 1.1 } }), "option-invalid", "s.retry.jitter"],
    ["jitter that is no number", withStep({ retry: { jitter: Number.NaN } }), "option-invalid", "s.retry.jitter"],
    ["a delay that is none", withStep({ retry: { delay: "soon" as never } }), "duration-invalid", "s.retry.delay"],
    ["a cap that is none", withStep({ retry: { cap: -1 } }), "duration-invalid", "s.retry.cap"],
    ["a timeout that is none", withStep({ timeout: Number.POSITIVE_INFINITY }), "duration-invalid", "s.timeout"],
    ["a rung's timeout", withStep({}, never, { run: never, timeout: "1y" }), "duration-invalid", "s.by[1].timeout"],
    ["a rung that is none", withStep({}, "gpt"), "option-invalid", "s.by[0]"],
    ["a rung that is null", withStep({}, never, null), "option-invalid", "s.by[1]"],
    ["a rung that runs nothing", withStep({}, { run: "gpt" }), "option-invalid", "s.by[0].run"],
    ["a template that fills nothing", withStep({}, template("text" as never)), "option-invalid", "s.by[0]"],
    [
      "lastGood for ever",
      withStep({ version: "1" }, never, lastGood({ maxAge: "" as never })),
      "duration-invalid",
      "s.by[1].maxAge",
    ],
    [
      "a breaker without a name",
      withStep({}, { run: never, breaker: { name: "" } }),
      "option-invalid",
      "s.by[0].breaker.name",
    ],
    [
      "a breaker that never opens",
      withStep({}, { run: never, breaker: { name: "b", after: 0 } }),
      "option-invalid",
      "s.by[0].breaker.after",
    ],
    [
      "a deadline without its answer",
      () => flow("x", { input: any(), deadline: { after: "1s" } as never, build: () => 1 }),
      "option-invalid",
      "x.deadline.answer",
    ],
    [
      "a deadline that is none",
      () => flow("x", { input: any(), deadline: "1 s" as never, build: () => 1 }),
      "duration-invalid",
      "x.deadline",
    ],
    ["an approval without a desk", withApproval({ desk: "" }), "option-invalid", "ask.desk"],
    [
      "rule 17: an approval without a timeout",
      withApproval({ timeout: undefined as never }),
      "option-invalid",
      "ask.timeout",
    ],
    [
      "rule 17: an approval without an answer for it",
      withApproval({ onTimeout: undefined as never }),
      "option-invalid",
      "ask.onTimeout",
    ],
    [
      "a desk's breaker that never opens",
      withApproval({ breaker: { after: 0, openFor: 1, decide: {} } }),
      "option-invalid",
      "ask.breaker.after",
    ],
    [
      "a desk's breaker that decides nothing",
      withApproval({ breaker: { after: 1, openFor: 1, decide: undefined as never } }),
      "option-invalid",
      "ask.breaker.decide",
    ],
    [
      "a declared decision that breaks its contract",
      withApproval({ decision: accepting(() => "no") as never }),
      "option-invalid",
      "ask.onTimeout",
    ],
    [
      "a declared decision that is no object",
      withApproval({ onTimeout: ["yes"] as never }),
      "option-invalid",
      "ask.onTimeout",
    ],
    [
      "a declared decision with a field $",
      withApproval({ onTimeout: { $: 1 } as never }),
      "option-invalid",
      "ask.onTimeout",
    ],
    [
      "a declared decision that cannot be kept",
      withApproval({ onTimeout: { f: Number.NaN } as never }),
      "option-invalid",
      "ask.onTimeout.f",
    ],
    [
      "a decision that forges who decided",
      withApproval({ onTimeout: { via: "person" } as never }),
      "option-invalid",
      "ask.onTimeout.via",
    ],
    [
      "a decision that forges by whom",
      withApproval({ breaker: { after: 1, openFor: 1, decide: { by: "the boss" } as never } }),
      "option-invalid",
      "ask.breaker.decide.by",
    ],
  ])("%s", (_name, define, code, path) => {
    expect(define).toThrow(refusal(code, path));
  });

  test("every refusal says what was expected, what was found, and how to mend it", () => {
    const text = /\[option-invalid\]\n {2}expected: .+\n {2}found: {4}0\n {2}mend: {5}.+/;
    expect(withStep({ retry: { maxAttempts: 0 } })).toThrow(text);
  });
});

describe("the order of building", () => {
  test("two steps of one name", () => {
    const twice = building(($) => {
      $.step("s", { output: any() }).by(never);
      return $.approval("s", { decision: any<object>(), desk: "d", timeout: 1, onTimeout: {} });
    });
    expect(twice).toThrow(refusal("step-duplicate", "s"));
  });

  test("a second ladder for one step", () => {
    const twice = building(($) => {
      const step = $.step("s", { output: any() });
      step.by(never);
      return step.by(never);
    });
    expect(twice).toThrow(refusal("option-invalid", "s.by"));
  });

  test("a step after build has returned", () => {
    let kept: FlowBuilder | undefined;
    building(($) => {
      kept = $;
      return 1;
    })();
    expect(() => kept?.step("late", { output: any() })).toThrow(refusal("flow-invalid", "late"));
  });

  test("an asynchronous build is refused, because its answer is a promise", () => {
    // @ts-expect-error the compiler says so too
    const slow = () => flow("slow", { input: any(), build: async () => 1 });
    expect(slow).toThrow(refusal("flow-invalid", "slow.build"));
  });

  test("what an asynchronous build left undone, or how it fails later, is not the mistake that is told", async () => {
    const build = async ($: FlowBuilder) => {
      $.step("s", { output: any() });
      throw new Error("later");
    };
    expect(() => flow("slow", { input: any(), build: build as () => unknown })).toThrow(
      refusal("flow-invalid", "slow.build"),
    );
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("a step without its ladder in the needs of another is told as such", () => {
    const unfinished = building(($) => {
      const begun = $.step("begun", { output: any() });
      return $.step("s", { needs: { a: [begun] }, output: any() }).by(never);
    });
    expect(unfinished).toThrow(refusal("step-without-rung", "s.needs.a[0]"));
    expect(unfinished).toThrow(expect.objectContaining({ found: "the step begun without .by(...)" }));
    const apart = building(($) => {
      const a = step({ input: any(), output: any() });
      return $.step("s", { needs: { a }, output: any() }).by(never);
    });
    expect(apart).toThrow(expect.objectContaining({ path: "s.needs.a", found: "a step without .by(...)" }));
  });

  test("a reference alone is no object of needs", () => {
    const bare = () =>
      flow("flawed", { input: any(), build: ($, input) => $.step("s", { needs: input, output: any() }).by(never) });
    expect(bare).toThrow(expect.objectContaining({ code: "option-invalid", found: "a reference without a name" }));
  });

  test("a wrong path into a decision is found, who decided is not one", () => {
    const reading = (field: string) => () =>
      flow("flawed", {
        input: any(),
        build($) {
          const decision = z.object({ ok: z.boolean(), more: z.object({ n: z.number() }) });
          const options = { decision, desk: "d", timeout: 1, onTimeout: { ok: true, more: { n: 1 } } };
          const verdict = $.approval("ask", options) as unknown as Record<string, Record<string, unknown>>;
          return [verdict[field], verdict.more?.[field]];
        },
      });
    expect(reading("n")).toThrow(
      expect.objectContaining({ code: "reference-path", expected: "one of ok, more, via, by" }),
    );
    expect(reading("via")).toThrow(expect.objectContaining({ found: "via", expected: "one of n" }));
  });
});

describe("what a definition becomes", () => {
  test("defaults are the mission's and are written out: 2 retries, 30 s, growing backoff", () => {
    expect(withStep({ version: "7" }, never, template(never))()).toMatchObject({
      stepKind: "read",
      onDropped: "record",
      version: "7",
      rungs: [
        {
          name: "never",
          timeoutMs: 30_000,
          retry: { maxAttempts: 3, backoff: "exponential", delayMs: 1_000, capMs: 60_000, jitter: 0.2 },
        },
        { kind: "template", retry: { maxAttempts: 1 } },
      ],
    });
  });

  test("rungs have their own options, and names that a person can tell apart", () => {
    const rungs = [
      { run: () => 1, breaker: { name: "bank" }, timeout: 5, retry: { maxAttempts: 1, delay: "2m", cap: "1m" } },
      { run: never, name: "b" },
      () => 2,
    ];
    expect(withStep({ retry: { maxAttempts: 2 } }, ...rungs)()).toMatchObject({
      rungs: [
        {
          name: "rung 1",
          timeoutMs: 5,
          breaker: { name: "bank", after: 5, openForMs: 30_000, countContract: false },
          retry: { delayMs: 120_000, capMs: 120_000 },
        },
        { name: "b", retry: { maxAttempts: 2 } },
        { name: "rung 3" },
      ],
    });
  });

  test("an undo has 6 attempts of its own, or what it says", () => {
    expect(withStep({ kind: "effect", compensate: never })()).toMatchObject({
      compensation: { timeoutMs: 30_000, retry: { maxAttempts: 6 } },
    });
    const own = { run: never, timeout: 1, retry: { maxAttempts: 2 } };
    expect(withStep({ kind: "effect", compensate: own })()).toMatchObject({
      compensation: { timeoutMs: 1, retry: { maxAttempts: 2 } },
    });
  });

  test("approvals keep title, desk, declared decisions; functions stay in the code", () => {
    const made = withApproval({ title: "Book?", breaker: { after: 5, openFor: "1h", decide: () => ({}) } })();
    expect(made.plan.scopes[0]?.nodes[0]).toMatchObject({
      title: "Book?",
      desk: "d",
      timeoutMs: 300_000,
      onTimeout: '{"approved":false}',
      breaker: { after: 5, openForMs: 3_600_000 },
    });
    expect(made.code.scopes[0]?.[0]).toMatchObject({ onTimeout: undefined, onBreaker: expect.any(Function) });
    expect(withApproval({ breaker: { after: 1, openFor: 1, decide: {} } })().plan.scopes[0]?.nodes[0]).toMatchObject({
      breaker: { decide: "{}" },
    });
  });

  test("a declared decision with an asynchronous contract is judged when it is given, and its rejection harms nobody", async () => {
    const slow: Schema<object> = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("down")) },
    };
    const made = withApproval({ decision: slow })();
    const code = made.code.scopes[0]?.[0];
    expect(made.plan.scopes[0]?.nodes[0]).not.toHaveProperty("onTimeout");
    expect(code?.kind === "approval" && code.onTimeout?.(undefined as never)).toEqual({ approved: false });
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("a flow keeps its contract, checks, deadline, codecs and samples", () => {
    const codec: Codec = { name: "c", is: (_value): _value is unknown => false, encode: never, decode: never };
    const made = flow("full", {
      input: any<{ n: number }>(),
      output: z.object({ n: z.number() }),
      checks: { positive: ({ n }) => n > 0 },
      deadline: { after: "1m", answer: () => ({ n: 1 }) },
      codecs: [codec],
      samples: { one: { n: 1 } },
      build: (_$, input) => ({ n: input.n }),
    });
    expect(made.plan).toMatchObject({ checks: ["positive"], deadline: { afterMs: 60_000, answers: true } });
    expect(made.code).toMatchObject({
      codecs: [codec],
      deadlineAnswer: expect.any(Function),
      output: expect.anything(),
    });
    expect(made.samples).toEqual({ one: { n: 1 } });
    expect(flow("plain", { input: any(), deadline: 5, build: () => 1 }).plan.deadline).toEqual({
      afterMs: 5,
      answers: false,
    });
  });
});

test("durations: what people write, and nothing else", () => {
  expect(["250ms", "1.5s", "5m", "1h", "2d", 7.4].map((text) => durationMs(text as never, "x"))).toEqual([
    250, 1_500, 300_000, 3_600_000, 172_800_000, 7,
  ]);
  for (const wrong of ["", "5", "5 m", "-1s", "1e3s", "Infinitys", -1, Number.NaN, 4e12, null, undefined, {}]) {
    expect(() => durationMs(wrong as never, "x")).toThrow(refusal("duration-invalid", "x"));
  }
  expect([0, 999, 1_000, 90_000, 3_600_000, 129_600_000].map(formatMs)).toEqual([
    "0ms",
    "999ms",
    "1s",
    "1.5m",
    "1h",
    "1.5d",
  ]);
});
