// What users read when a flow is right and a run goes wrong: values that a journal cannot keep, broken contracts, conditions,
// inputs. A failed run is a result and no exception: it names the step, says why, and what was wrong is in its reasons.
import { type Flow, flow, run } from "plumbline";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { asAnywhere, messageOf } from "./message.ts";

const Input = z.object({ pdf: z.string(), pages: z.number() });
const Fields = z.object({ income: z.number(), name: z.string() });
const fields = { income: 10, name: "Ada" };
class Money {
  readonly amount = 3;
}

function giving(value: unknown, options: object = {}): Flow<z.infer<typeof Input>> {
  const all = { output: z.unknown(), retry: { maxAttempts: 1 }, ...options };
  return flow("loan", { input: Input, build: ($) => $.step("extract", all).by(() => value) });
}

async function failureIn(made: Flow<z.infer<typeof Input>>): Promise<string> {
  const { outcome, failure, failedAt } = await run(made, { pdf: "a", pages: 1 });
  expect(outcome).toBe("failed");
  return asAnywhere(`${failedAt ?? "the answer"}: ${failure?.message} [${failure?.kind}]`);
}

describe("mistakes that fail a run", () => {
  test.each<[string, Flow<z.infer<typeof Input>>]>([
    ["NaN in an output", giving({ price: { net: Number.NaN } })],
    ["an instance of a class in an output", giving({ lines: [new Money()] })],
    ["an invalid date in an output", giving({ at: new Date("soon") })],
    ["a function in an output", giving({ format: () => "" })],
    ["a field on an array in an output", giving(Object.assign([], fields))],
    [
      "a field that the schema strips, where that fails",
      giving({ ...fields, unit: "EUR" }, { output: Fields, onDropped: "fail" }),
    ],
    ["a broken contract", giving({ income: "10" }, { output: Fields })],
    ["nothing returned", giving(undefined, { output: Fields })],
    [
      "checks that do not hold",
      giving(fields, {
        output: Fields,
        checks: {
          "income is enough": ({ income }: typeof fields) => income > 100 || `${income} is below 100`,
          "name is known": () => false,
          "name is short": ({ name }: typeof fields) => name.length,
        },
      }),
    ],
    ["a condition that gives no boolean", giving(fields, { when: (() => "yes") as never })],
    [
      "an answer that breaks the flow's output",
      flow("loan", {
        input: Input,
        output: Fields,
        build: (_$, input) => ({ income: input.pdf as never, name: "Ada" }),
      }),
    ],
  ])("%s", async (_name, made) => {
    expect(await failureIn(made)).toMatchSnapshot();
  });

  test("the next attempt is told why the one before broke its contract", async () => {
    const seen: unknown[] = [];
    const made = flow("feedback", {
      input: Input,
      build: ($) =>
        $.step("extract", { output: Fields, retry: { maxAttempts: 2, delay: 0 } }).by((_needs, { previous }) => {
          seen.push(previous?.reasons);
          return previous ? fields : ({ income: "ten", name: "Ada" } as never);
        }),
    });
    expect(await run(made, { pdf: "a", pages: 1 })).toMatchObject({ outcome: "succeeded", output: fields });
    expect(seen).toEqual([undefined, [".income: Invalid input: expected number, received string"]]);
  });
});

describe("mistakes in an input", () => {
  test.each<[string, () => unknown]>([
    ["one that breaks the contract", () => run(giving(1), { pdf: 3, pages: 1 } as never)],
    ["none at all", () => run(giving(1), undefined as never)],
    [
      "one that a journal cannot keep",
      () => run(flow("loan", { input: z.object({ amount: z.unknown() }), build: () => 1 }), { amount: new Money() }),
    ],
  ])("%s", async (_name, start) => {
    expect(await messageOf(start)).toMatchSnapshot();
  });
});
