// Attacks the engine with user code that throws, rejects, hangs and lies in every place where user code runs.
import { type Failure, flow, type Schema } from "@plumbline/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, usePlace } from "./fixtures/place.ts";

const here = usePlace("memory");
const unhandled: unknown[] = [];
const listener = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", listener);
});
afterEach(() => {
  process.off("unhandledRejection", listener);
  expect(unhandled).toEqual([]);
});

async function failureOfStep(answer: () => unknown, schema: Schema = z.any()): Promise<Failure | undefined> {
  const { place } = here;
  const made = flow("hostile", {
    input: z.object({}),
    build: ($) => ({ step: $.step("step", { output: schema, timeout: "1s", retry: { maxAttempts: 1 } }).by(answer) }),
  });
  const engine = await place.open([made]);
  const run = await engine.start(made, {});
  await drive(place, run.result());
  return (await entriesOfKind(engine, run.id, "attempt.failed"))[0]?.failure;
}

class BankError extends Error {
  override readonly name = "BankError";
  readonly code = "REFUSED";
  readonly limit = 500;
}

describe("what is thrown", () => {
  it("rule 33: errors keep message, stack, cause and fields of their own", async () => {
    const failure = await failureOfStep(() => {
      throw new BankError("refused", { cause: new TypeError("no account", { cause: "a string" }) });
    });
    expect(failure).toMatchObject({
      kind: "error",
      message: "refused",
      name: "BankError",
      code: "REFUSED",
      fields: { limit: 500 },
      cause: { message: "no account", name: "TypeError", cause: { message: 'thrown: "a string"' } },
    });
    expect(failure?.stack).toContain("BankError: refused");
  });

  const evil = () => {
    const error = new Error("evil");
    for (const field of ["message", "name", "stack", "cause", "code"]) {
      Object.defineProperty(error, field, {
        enumerable: true,
        get() {
          throw new Error("not even reading it");
        },
      });
    }
    return error;
  };

  it.each<[string, () => unknown, Partial<Failure>]>([
    [
      "a string",
      () => {
        throw "text";
      },
      { message: 'thrown: "text"' },
    ],
    [
      "undefined",
      () => {
        throw undefined;
      },
      { message: "thrown: undefined" },
    ],
    ["null", () => Promise.reject(null), { message: "thrown: null" }],
    [
      "an object without a prototype",
      () => {
        throw Object.create(null);
      },
      { kind: "error" },
    ],
    [
      "a proxy that throws",
      () => {
        throw new Proxy(
          {},
          {
            get() {
              throw new Error("p");
            },
            getPrototypeOf() {
              throw new Error("q");
            },
          },
        );
      },
      { kind: "error" },
    ],
    [
      "an error whose fields throw",
      () => {
        throw evil();
      },
      { kind: "error" },
    ],
    ["an error whose fields throw, later", () => Promise.reject(evil()), { kind: "error" }],
  ])("rule 33: %s, thrown, is a failed attempt and nothing else", async (_, answer, wanted) => {
    expect(await failureOfStep(answer)).toMatchObject(wanted);
  });
});

describe("what is given", () => {
  const thenable = (then: unknown) => () => ({ then });

  it.each<[string, () => unknown, string]>([
    ["a promise that never settles", () => new Promise(() => {}), "timeout"],
    ["a thenable that never answers", thenable(() => {}), "timeout"],
    [
      "a thenable that throws",
      thenable(() => {
        throw new Error("then");
      }),
      "error",
    ],
    ["a thenable that gives itself to nobody", thenable(() => 5), "timeout"],
    [
      "an object whose then cannot be read",
      () =>
        // biome-ignore lint/suspicious/noThenProperty: a hostile thenable is the point
        Object.defineProperty({}, "then", {
          get() {
            throw new Error("then");
          },
        }),
      "error",
    ],
    [
      "a proxy that throws",
      () =>
        new Proxy(
          {},
          {
            get() {
              throw new Error("p");
            },
          },
        ),
      "error",
    ],
  ])("rule 18: %s ends the attempt", async (_, answer, kind) => {
    expect((await failureOfStep(answer))?.kind).toBe(kind);
  });

  it("rule 18: a thenable that answers twice answers once", async () => {
    const { place } = here;
    const made = flow("twice", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.string() }).by(
          () =>
            ({
              // biome-ignore lint/suspicious/noThenProperty: a hostile thenable is the point
              then(resolve: (value: string) => void, reject: (error: unknown) => void) {
                resolve("first");
                resolve("second");
                reject(new Error("third"));
              },
            }) as unknown as Promise<string>,
        ),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect((await run.result()).output).toEqual({ step: "first" });
    expect(await entriesOfKind(engine, run.id, "step.completed")).toHaveLength(1);
  });

  const schema = (validate: (value: unknown) => unknown): Schema =>
    ({ "~standard": { version: 1, vendor: "test", validate } }) as Schema;

  it.each<[string, Schema, string]>([
    [
      "throws",
      schema(() => {
        throw new Error("schema");
      }),
      "contract",
    ],
    ["rejects", schema(() => Promise.reject(new Error("schema"))), "contract"],
    ["never answers", schema(() => new Promise(() => {})), "timeout"],
    ["gives nothing", schema(() => undefined), "contract"],
    [
      "gives issues without end",
      schema(() => ({ issues: Array.from({ length: 5_000 }, () => ({ message: "x".repeat(9_000) })) })),
      "contract",
    ],
  ])("rule 11: a schema that %s is a broken contract or a timeout", async (_, contract, kind) => {
    const failure = await failureOfStep(() => 1, contract);
    expect(failure?.kind).toBe(kind);
    expect(JSON.stringify(failure).length).toBeLessThan(100_000);
  });
});

describe("every other place", () => {
  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("when");
      },
    ],
    ["gives a promise", () => Promise.resolve(true)],
    ["gives a number", () => 1],
  ])("rule 33: a condition that %s fails its step and says so", async (_, when) => {
    const { place } = here;
    const made = flow("conditional", {
      input: z.object({}),
      build: ($) => ({ step: $.step("step", { output: z.any(), when: when as () => boolean }).by(() => 1) }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await run.result()).toMatchObject({ outcome: "failed", failure: { kind: "predicate" } });
  });

  it.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("check");
      },
      'check "c" threw: check',
    ],
    ["rejects", () => Promise.reject(new Error("check")), 'check "c" threw: check'],
    ["gives a number", () => 1, 'check "c" gave 1 instead of true, false or a reason'],
  ])("rule 11: a check that %s is a broken contract", async (_, check, reason) => {
    const { place } = here;
    const made = flow("checked", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.any(), checks: { c: check as () => boolean }, retry: { maxAttempts: 1 } }).by(
          () => 1,
        ),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await run.result();
    expect((await entriesOfKind(engine, run.id, "attempt.failed"))[0]?.failure.reasons).toEqual([reason]);
  });

  it("rule 8: an undo that throws at once counts like one that rejects", async () => {
    const { place } = here;
    let tried = 0;
    const made = flow("undoing", {
      input: z.object({}),
      build($) {
        const done = $.step("do", {
          kind: "effect",
          output: z.any(),
          compensate: {
            run: () => {
              tried++;
              if (tried === 1)
                throw {
                  toString: () => {
                    throw new Error("no");
                  },
                };
              return tried === 2 ? Promise.reject(undefined) : undefined;
            },
            retry: { delay: 0 },
          },
        }).by(() => 1);
        return {
          end: $.step("end", { needs: { done }, output: z.any(), retry: { maxAttempts: 1 } }).by(() => {
            throw 1;
          }),
        };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await run.result()).toMatchObject({ outcome: "failed", standing: [] });
    expect(tried).toBe(3);
  });

  it("rule 32: a context that is misused bounds what it keeps and never throws", async () => {
    const { place } = here;
    const evil = {
      get field() {
        throw new Error("f");
      },
      toString() {
        throw new Error("s");
      },
    };
    const made = flow("talkative", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.any() }).by((_, { log, note, spend, progress }) => {
          for (let i = 0; i < 500; i++)
            log(`line ${i} ${"x".repeat(5_000)}`, { ["k".repeat(9_000)]: "v".repeat(9_000) });
          log(evil as unknown as string, evil as never);
          note(evil as never);
          note(JSON.parse('{"__proto__":"x","ok":"yes"}') as never);
          for (let i = 0; i < 500; i++) note({ [`${i} ${"n".repeat(9_000)}`]: "y".repeat(9_000) });
          spend({ usd: Number.NaN, tokens: -5 });
          spend({ usd: 1e308 });
          spend({ usd: 1e308, tokens: 1e308 });
          spend(undefined as never);
          progress(Number.NaN);
          progress("much" as unknown as number, evil as never);
          return 1;
        }),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const { outcome, cost } = await run.result();
    expect(outcome).toBe("succeeded");
    const [completed] = await entriesOfKind(engine, run.id, "step.completed");
    expect(completed?.log).toHaveLength(100);
    expect(completed?.log?.at(-1)?.message).toContain("not kept");
    expect(JSON.stringify(completed).length).toBeLessThan(400_000);
    expect(completed?.evidence).toMatchObject({ ok: "yes" });
    expect(Number.isFinite(cost.usd) && Number.isFinite(cost.tokens)).toBe(true);
  });
});

it("rule 4: a rejection that user code forgot is said aloud and takes nothing down", async () => {
  const { place } = here;
  const made = flow("forgetful", {
    input: z.object({}),
    build: ($) => ({
      step: $.step("step", { output: z.any() }).by(async () => {
        void Promise.reject(new Error("forgotten"));
        await new Promise((resolve) => setImmediate(resolve));
        return 1;
      }),
    }),
  });
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection"); // the test runner listens too
  try {
    const engine = await place.open([made], { unhandledRejections: "catch" });
    const run = await engine.start(made, {});
    expect((await run.result()).outcome).toBe("succeeded");
    expect(place.warnings).toMatchObject([{ details: { error: "forgotten" } }]);
    await engine.close();
    expect(process.listenerCount("unhandledRejection")).toBe(0);
  } finally {
    for (const one of before) process.on("unhandledRejection", one);
  }
});
