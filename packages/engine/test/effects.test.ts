// Attacks effects: in doubt, undone before the next rung, undone at the end, abandoned, cut off by a restart.
import { flow, NotApplied, type Undo } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOf, entriesOfKind, type Place, signal, storeKinds, usePlace } from "./fixtures/place.ts";

const never = () => new Promise<never>(() => {});
const boom = (message: string) => () => {
  throw new Error(message);
};

/** Runs to the end and gives result and kinds of entries. */
async function ran(place: Place, made: Parameters<Place["open"]>[0][number]) {
  const engine = await place.open([made]);
  const run = await engine.start(made.name, {});
  const result = await drive(place, run.result());
  return { result, entries: await entriesOf(engine, run.id), id: run.id };
}

describe("effects", () => {
  const here = usePlace("memory");

  /** One effect with two rungs; what the first does is given. */
  function ladder(
    first: (calls: string[]) => unknown,
    options: { readonly undo?: (undo: Undo<unknown, unknown>) => unknown; readonly checks?: boolean } = {},
  ) {
    const calls: string[] = [];
    const undone: Undo<unknown, unknown>[] = [];
    const made = flow("ladder", {
      input: z.object({}),
      build($) {
        const done = $.step("do", {
          kind: "effect",
          output: z.string(),
          timeout: "5s",
          retry: { maxAttempts: 1 },
          ...(options.undo
            ? {
                compensate: {
                  run: (undo: Undo<unknown, unknown>) => {
                    calls.push("undo");
                    undone.push(undo);
                    return options.undo?.(undo);
                  },
                  retry: { maxAttempts: 2, delay: 0 },
                },
              }
            : {}),
        }).by(
          {
            run: () => {
              calls.push("first");
              return first(calls) as string;
            },
          },
          {
            run: () => {
              calls.push("second");
              return "second";
            },
          },
        );
        return { done };
      },
    });
    return { made, calls, undone };
  }

  it("rule 7: proven unapplied, the next rung starts at once and nothing is undone", async () => {
    const { made, calls } = ladder(
      () => {
        throw new NotApplied("refused");
      },
      { undo: () => {} },
    );
    const { result } = await ran(here.place, made);
    expect(calls).toEqual(["first", "second"]);
    expect(result).toMatchObject({ outcome: "degraded", output: { done: "second" } });
  });

  it.each([
    ["threw", boom("halfway")],
    ["timed out", never],
    ["broke its contract", () => 42],
  ])("rule 7: one that %s is in doubt: it is undone before the next rung starts", async (_, first) => {
    const { made, calls, undone } = ladder(first, { undo: () => {} });
    const { result, id } = await ran(here.place, made);
    expect(calls).toEqual(["first", "undo", "second"]);
    expect(undone).toEqual([{ key: `${id}:do:0`, needs: {}, output: undefined, certainty: "in-doubt" }]);
    expect(result.outcome).toBe("degraded");
  });

  it("rule 7: in doubt without an undo, the ladder is held and the run says what stands", async () => {
    const { made, calls } = ladder(boom("halfway"));
    const { result } = await ran(here.place, made);
    expect(calls).toEqual(["first"]);
    expect(result.outcome).toBe("failed");
    expect(result.standing).toMatchObject([{ path: "do", certainty: "in-doubt" }]);
  });

  it("rule 8: what could not be undone is tried again, then listed, and the next rung never starts", async () => {
    const { made, calls } = ladder(boom("halfway"), { undo: boom("the bank is closed") });
    const { result } = await ran(here.place, made);
    expect(calls).toEqual(["first", "undo", "undo"]);
    expect(result).toMatchObject({
      outcome: "failed",
      standing: [{ path: "do", certainty: "in-doubt", reason: "could not be undone: the bank is closed" }],
    });
  });

  it("rule 3: an effect's start mark is durable before the effect begins", async () => {
    const { place } = here;
    const committed: string[] = [];
    let atStart: string[] = [];
    const made = flow("marked", {
      input: z.object({}),
      build: ($) => ({
        done: $.step("do", { kind: "effect", output: z.string() }).by(() => {
          atStart = [...committed];
          return "done";
        }),
      }),
    });
    const engine = await place.open([made]);
    place.store.onCommit = (batch) => {
      for (const { entries } of batch) for (const { kind } of entries) committed.push(kind);
    };
    await (await engine.start(made, {})).result();
    expect(atStart).toEqual(["run.started", "attempt.started"]);
  });

  /** Three effects in a row and a fatal step behind them. */
  function chain(last: () => unknown, undo: (name: string, attempt: number) => unknown) {
    const undone: string[] = [];
    const made = flow("chain", {
      input: z.object({}),
      build($) {
        const effect = (name: string, after: readonly never[]) =>
          $.step(name, {
            kind: "effect",
            output: z.string(),
            after,
            retry: { maxAttempts: 1 },
            compensate: {
              run: ({ output, certainty }, { attempt }) => {
                undone.push(`${name} ${certainty} ${output}`);
                return undo(name, attempt);
              },
              retry: { maxAttempts: 3, delay: "1s", jitter: 0 },
            },
          }).by(() => `${name} done`);
        const one = effect("one", []);
        const two = effect("two", [one] as never);
        const three = effect("three", [two] as never);
        const end = $.step("end", { after: [three], output: z.string(), retry: { maxAttempts: 1 } }).by(
          () => last() as string,
        );
        return { one, end };
      },
    });
    return { made, undone };
  }

  it("rule 8: what was done is undone in reverse order of start, told what is certain, and tried again", async () => {
    const { made, undone } = chain(boom("at the end"), (name, attempt) => {
      if (name === "two" && attempt < 3) throw new Error("not yet");
    });
    const { result, entries } = await ran(here.place, made);
    expect(undone).toEqual([
      "three applied three done",
      "two applied two done",
      "two applied two done",
      "two applied two done",
      "one applied one done",
    ]);
    expect(result).toMatchObject({ outcome: "failed", standing: [], failure: { message: "at the end" } });
    expect(result.partial).toEqual({ one: "one done", two: "two done", three: "three done" });
    const waits = entries.filter((entry) => entry.kind === "retry.scheduled");
    expect(waits.map((entry) => (entry as { dueAt: number }).dueAt - entry.at)).toEqual([1_000, 2_000]);
  });

  it("rule 8: an undo that never answers is given up in time, and the others are undone all the same", async () => {
    const { made, undone } = chain(boom("at the end"), (name) => (name === "two" ? never() : undefined));
    const { result } = await ran(here.place, made);
    expect(undone.filter((line) => line.startsWith("two"))).toHaveLength(3);
    expect(undone.at(-1)).toBe("one applied one done");
    expect(result.standing).toMatchObject([{ path: "two", certainty: "applied" }]);
  });

  it("rule 9: a cancel stops new starts, undoes, and its reason is the cause", async () => {
    const { place } = here;
    const begun = signal();
    const { made, undone } = chain(
      () => {
        begun.resolve();
        return never();
      },
      () => {},
    );
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await begun.promise;
    await engine.cancel(run.id, { by: "Ada", reason: "a mistake" });
    const result = await drive(place, run.result());
    expect(result).toMatchObject({
      outcome: "cancelled",
      failure: { kind: "cancelled", message: "cancelled: a mistake" },
    });
    expect(undone).toHaveLength(3);
    await engine.cancel(run.id); // one that has ended stays as it is
    expect((await entriesOfKind(engine, run.id, "cancel.requested")).length).toBe(1);
  });

  it("rule 9: a cancel while undoing is recorded and ignored: the first cause stays the cause", async () => {
    const { place } = here;
    const undoing = signal();
    const go = signal();
    const { made } = chain(boom("at the end"), (name) => {
      if (name !== "three") return undefined;
      undoing.resolve();
      return go.promise;
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await undoing.promise;
    await engine.cancel(run.id, { reason: "too late" });
    go.resolve();
    const result = await drive(place, run.result());
    expect(result).toMatchObject({ outcome: "failed", failure: { message: "at the end" }, standing: [] });
    expect(await entriesOfKind(engine, run.id, "cancel.requested")).toHaveLength(1);
  });
});

describe.each(storeKinds)("effects over a restart: %s", (kind) => {
  const here = usePlace(kind);

  it("rule 7: an effect that was lost with its process is in doubt, keeps its key, and gets another attempt id", async () => {
    const { place } = here;
    const seen: [string, string][] = [];
    const begun = signal();
    const made = flow("lost", {
      input: z.object({}),
      build: ($) => ({
        done: $.step("do", { kind: "effect", output: z.string(), compensate: () => {} }).by(
          (_, { idempotencyKey, attemptId, attempt }) => {
            seen.push([idempotencyKey, attemptId]);
            begun.resolve();
            return attempt === 1 ? never() : "done";
          },
        ),
      }),
    });
    const first = await place.open([made]);
    const { id } = await first.start(made, {});
    await begun.promise;
    const second = await place.restart([made]);
    const result = await drive(place, (await second.handle(id)).result());
    expect(result.output).toEqual({ done: "done" });
    expect(seen).toHaveLength(2);
    expect(seen[0]?.[0]).toBe(seen[1]?.[0]);
    expect(seen[0]?.[1]).not.toBe(seen[1]?.[1]);
    expect(await entriesOfKind(second, id, "attempt.lost")).toMatchObject([{ attempt: 1, rung: 0 }]);
  });

  it("rule 8: undoing that was cut off goes on where it was, with what is certain", async () => {
    const { place } = here;
    const undone: string[] = [];
    const undoing = signal();
    let hang = true;
    const made = flow("cut-off", {
      input: z.object({}),
      build($) {
        const one = $.step("one", {
          kind: "effect",
          output: z.object({ at: z.date() }),
          compensate: ({ output }) => {
            undone.push(`one ${output?.at.toISOString()}`);
          },
        }).by(() => ({ at: new Date(0) }));
        const two = $.step("two", {
          kind: "effect",
          needs: { one },
          output: z.string(),
          compensate: {
            run: ({ needs }) => {
              undone.push(`two ${needs.one.at.getTime()}`);
              if (!hang) return undefined;
              undoing.resolve();
              return never();
            },
            retry: { delay: 0 },
          },
        }).by(() => "two");
        return { end: $.step("end", { needs: { two }, output: z.string(), retry: { maxAttempts: 1 } }).by(boom("no")) };
      },
    });
    const first = await place.open([made]);
    const { id } = await first.start(made, {});
    await undoing.promise;
    hang = false;
    const second = await place.restart([made]);
    const result = await drive(place, (await second.handle(id)).result());
    expect(undone).toEqual(["two 0", "two 0", "one 1970-01-01T00:00:00.000Z"]);
    expect(result).toMatchObject({ outcome: "failed", standing: [], failure: { message: "no" } });
  });
});
