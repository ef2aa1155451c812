// Attacks maps: order, the bound on what is under way, items that fail, items of every shape, and many of them.
import { flow, type StepContext } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { after, drive, entriesOfKind, signal, soon, stateOf, storeKinds, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };

describe("items", () => {
  const here = usePlace("memory");

  it("answer in the order of the items, whoever is first, and know their index", async () => {
    const { place } = here;
    const made = flow("order", {
      input: z.array(z.number()),
      build: ($, over) =>
        $.map("out", {
          over,
          each: ($, item, index) =>
            $.step("say", { needs: { item, index }, output: z.string() }).by(async ({ item, index }, { path }) => {
              await soon(item);
              expect(path).toBe(`out[${index}].say`);
              return `${index}:${item}`;
            }),
        }),
    });
    const engine = await place.open([made]);
    expect((await (await engine.start(made, [30, 1, 12, 0])).result()).output).toEqual(["0:30", "1:1", "2:12", "3:0"]);
  });

  it("rule 32: as many are under way as the bound says, never more, and never less while there are enough", async () => {
    const { place } = here;
    let now = 0;
    let most = 0;
    const made = flow("bound", {
      input: z.number(),
      build($, n) {
        const over = $.step("list", { needs: { n }, output: z.array(z.number()) }).by(({ n }) => [...Array(n).keys()]);
        return $.map("out", {
          over,
          concurrency: 4,
          each($, item) {
            const first = $.step("first", { needs: { item }, output: z.number() }).by(({ item }) => {
              now++;
              most = Math.max(most, now);
              return item;
            });
            return $.step("second", { needs: { first }, output: z.number() }).by(async ({ first }) => {
              await after(place, 100);
              now--;
              return first * 2;
            });
          },
        });
      },
    });
    const engine = await place.open([made]);
    const { output, ms } = await drive(place, (await engine.start(made, 48)).result());
    expect(output).toEqual([...Array(48).keys()].map((n) => n * 2));
    expect(most).toBe(4);
    expect(ms).toBeGreaterThanOrEqual(1_200);
    expect(ms).toBeLessThan(1_800); // twelve rounds, and what the commits between them take of the test's clock
  });

  it("an empty array gives an empty array, and runs nothing", async () => {
    const { place } = here;
    const made = flow("empty", {
      input: z.array(z.number()),
      build: ($, over) =>
        $.map("out", {
          over,
          each: ($, item) => $.step("say", { needs: { item }, output: z.number() }).by(({ item }) => item),
        }),
    });
    const engine = await place.open([made]);
    expect(await (await engine.start(made, [])).result()).toMatchObject({ outcome: "succeeded", output: [] });
  });

  it("rule 33: what is not an array is refused with the path of the map", async () => {
    const { place } = here;
    const made = flow("shapes", {
      input: z.any(),
      build: ($, over) => $.map("out", { over: over as never, each: (_, item) => item }),
    });
    const engine = await place.open([made]);
    const failure = async (given: unknown) => {
      const result = await (await engine.start(made, given as never)).result();
      expect(result).toMatchObject({ outcome: "failed", failedAt: "out" });
      return result.failure?.message;
    };
    expect(await failure("abc")).toContain("instead of an array");
    expect(await failure({ length: 3 })).toContain("instead of an array");
    expect(await failure(new Set([1]))).toContain("instead of an array");
  });

  it("rule 13: each item gets its own value; what one does to it reaches nobody else", async () => {
    const { place } = here;
    const made = flow("shared", {
      input: z.object({ rows: z.array(z.object({ tags: z.array(z.string()) })) }),
      build: ($, { rows }) => ({
        rows,
        out: $.map("out", {
          over: rows,
          each: ($, item) =>
            $.step("spoil", { needs: { item, rows }, output: z.number() }).by(({ item, rows }) => {
              item.tags.push("spoilt");
              for (const row of rows) row.tags.push("spoilt");
              return rows.flatMap(({ tags }) => tags).length;
            }),
        }),
      }),
    });
    const engine = await place.open([made]);
    const { output } = await (await engine.start(made, { rows: [{ tags: ["a"] }, { tags: ["b"] }] })).result();
    // In one call `item` and `rows` may share a row; between calls nothing is shared.
    expect(new Set(output?.out).size).toBe(1);
    expect(output?.rows).toEqual([{ tags: ["a"] }, { tags: ["b"] }]);
  });

  it("an array of references is gone over like any other", async () => {
    const { place } = here;
    const made = flow("references", {
      input: z.object({ a: z.number(), b: z.number() }),
      build($, { a, b }) {
        const c = $.step("c", { output: z.number() }).by(() => 3);
        return $.map("out", { over: [a, b, c], each: (_, item) => ({ item }) });
      },
    });
    const engine = await place.open([made]);
    expect((await (await engine.start(made, { a: 1, b: 2 })).result()).output).toEqual([
      { item: 1 },
      { item: 2 },
      { item: 3 },
    ]);
  });

  it("maps lie in maps, and read the items of both", async () => {
    const { place } = here;
    const made = flow("nested", {
      input: z.array(z.array(z.number())),
      build: ($, rows) =>
        $.map("rows", {
          over: rows,
          each: ($, row, at) =>
            $.map("cells", {
              over: row,
              each: ($, cell) =>
                $.step("add", { needs: { cell, at, row }, kind: "pure", output: z.string() }).by(
                  ({ cell, at, row }) => `${at}:${cell}/${row.length}`,
                ),
            }),
        }),
    });
    const engine = await place.open([made]);
    expect((await (await engine.start(made, [[1, 2], [], [3]])).result()).output).toEqual([
      ["0:1/2", "0:2/2"],
      [],
      ["2:3/1"],
    ]);
  });
});

describe("items that fail", () => {
  const here = usePlace("memory");

  const failing = (onFailure: "fail" | "drop" | "collect", work: (item: number, context: StepContext) => unknown) =>
    flow(`failing-${onFailure}`, {
      input: z.array(z.number()),
      build: ($, over) =>
        $.map("out", {
          over,
          onFailure,
          each: ($, item) =>
            $.step("work", { needs: { item }, output: z.number(), retry: once }).by(
              ({ item }, context) => work(item, context) as number,
            ),
        }),
    });
  const odd = async (item: number) => {
    await soon(3);
    if (item % 2 === 1) throw new Error(`odd ${item}`);
    return item * 10;
  };

  it("fail: the first failure is the map's; the others are told through the signal, and no item begins after it", async () => {
    const { place } = here;
    const begun: number[] = [];
    const aborted: number[] = [];
    const made = failing("fail", (item, { signal }) => {
      begun.push(item);
      if (item === 2) return soon(5).then(() => Promise.reject(new Error("two")));
      signal.addEventListener("abort", () => aborted.push(item));
      return new Promise(() => {});
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, [...Array(30).keys()]);
    expect(await run.result()).toMatchObject({
      outcome: "failed",
      failedAt: "out[2].work",
      failure: { message: expect.stringContaining("two") },
    });
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(aborted).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("drop: items that failed are left out, the run is degraded and says which", async () => {
    const { place } = here;
    const made = failing("drop", odd);
    const engine = await place.open([made]);
    const result = await (await engine.start(made, [0, 1, 2, 3])).result();
    expect(result).toMatchObject({
      outcome: "degraded",
      output: [0, 20],
      degradations: [
        { path: "out[1]", kind: "absorbed-failure", reason: expect.stringContaining("odd 1") },
        { path: "out[3]", kind: "absorbed-failure", reason: expect.stringContaining("odd 3") },
      ],
    });
  });

  it("collect: answers and failures stand beside each other, in order", async () => {
    const { place } = here;
    const made = failing("collect", odd);
    const engine = await place.open([made]);
    const result = await (await engine.start(made, [0, 1, 2])).result();
    expect(result).toMatchObject({
      outcome: "degraded",
      output: [
        { status: "success", value: 0 },
        { status: "failure", failure: { kind: "scope", message: expect.stringContaining("odd 1") } },
        { status: "success", value: 20 },
      ],
    });
  });

  it("drop and collect: also when every item fails, and when one hangs until its time is over", async () => {
    const { place } = here;
    const all = failing("drop", () => Promise.reject(new Error("all")));
    const hanging = failing("collect", (item) => (item === 0 ? new Promise(() => {}) : 1));
    const engine = await place.open([all, hanging]);
    expect((await (await engine.start(all, [1, 2, 3])).result()).output).toEqual([]);
    const run = await engine.start(hanging, [0, 1]);
    expect((await drive(place, run.result(), 1_000)).output).toMatchObject([
      { status: "failure", failure: { message: expect.stringContaining("no answer within 30000 ms") } },
      { status: "success", value: 1 },
    ]);
  });
});

for (const kind of storeKinds) {
  describe(`values of items: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 13: dates, bytes and large texts come and go as they are, live and over a crash", async () => {
      const { place } = here;
      const Row = z.object({ at: z.date(), bytes: z.instanceof(Uint8Array), text: z.string() });
      const gate = signal();
      let blocked = true;
      const made = flow("values", {
        input: z.number(),
        build($, n) {
          const rows = $.step("rows", { needs: { n }, output: z.array(Row) }).by(({ n }) =>
            Array.from({ length: n }, (_, i) => ({
              at: new Date(i),
              bytes: new Uint8Array(100_000).fill(i),
              text: "x".repeat(i * 100_000),
            })),
          );
          const out = $.map("out", {
            over: rows,
            each: ($, item) =>
              $.step("echo", { needs: { item }, output: Row }).by(async ({ item }) => {
                if (blocked) await gate.promise;
                return item;
              }),
          });
          return { rows, out };
        },
      });
      const first = await place.open([made]);
      const run = await first.start(made, 3, { key: "k" });
      await drive(
        place,
        until(first, run.id, "scope.entered", ({ key }) => key === 2),
      );
      const second = await place.restart([made]);
      blocked = false;
      const { output } = await drive(place, (await second.handle(run.id)).result());
      const { rows, out } = output as { rows: unknown; out: z.infer<typeof Row>[] };
      expect(out).toEqual(rows);
      expect(out.map(({ at, bytes, text }) => [at, bytes.length, bytes[0], text.length])).toEqual([
        [new Date(0), 100_000, 0, 0],
        [new Date(1), 100_000, 1, 100_000],
        [new Date(2), 100_000, 2, 200_000],
      ]);
    });

    it("rule 5: 1,000 items over a crash: all answer once, what was recorded is not done again", async () => {
      const { place } = here;
      const calls = new Map<number, number>();
      const made = flow("thousand", {
        input: z.number(),
        build($, n) {
          const over = $.step("list", { needs: { n }, output: z.array(z.number()) }).by(({ n }) => [
            ...Array(n).keys(),
          ]);
          const out = $.map("out", {
            over,
            concurrency: 50,
            each: ($, item) =>
              $.step("double", { needs: { item }, output: z.number() }).by(async ({ item }) => {
                calls.set(item, (calls.get(item) ?? 0) + 1);
                return item * 2;
              }),
          });
          return $.step("sum", { needs: { out }, output: z.number() }).by(({ out }) => out.reduce((a, b) => a + b, 0));
        },
      });
      const first = await place.open([made]);
      const run = await first.start(made, 1_000, { key: "k" });
      await drive(
        place,
        until(first, run.id, "scope.entered", ({ key }) => key === 500),
        1,
      );
      const recorded = (await stateOf(first, run.id)).slots.filter(
        ({ node, status }) => node.name === "double" && status === "completed",
      ).length;
      expect(recorded).toBeGreaterThan(0);
      const second = await place.restart([made]);
      const result = await drive(place, (await second.handle(run.id)).result(), 1);
      expect(result).toMatchObject({ outcome: "succeeded", output: 999_000 });
      const again = [...calls.values()].filter((count) => count > 1).length;
      expect([...calls.keys()].length).toBe(1_000);
      expect(again).toBeLessThanOrEqual(1_000 - recorded);
      expect(await entriesOfKind(second, run.id, "step.completed")).toHaveLength(1_002);
    });
  });
}
