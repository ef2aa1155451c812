// Attacks values whose text is longer than can be kept in one piece: arrays are kept in several, the rest is refused with its place.
import { open } from "@plumbline/core";
import { expect, it } from "vitest";
import { inParts } from "../src/runs/map-items.ts";
import { isStoredAs, keep, type NewBlob, readerFor } from "../src/stores/value-keeper.ts";
import { Money, money } from "./fixtures/money.ts";

const options = { codecs: [money], maxPiece: 100_000 };

/** Reads what was kept, from its blobs alone. */
async function readBack(sealed: string, blobs: readonly NewBlob[]): Promise<unknown> {
  const store = { blob: async (_run: string, id: string) => blobs.find((blob) => blob.id === id)?.bytes };
  return (await readerFor(store, "run", [sealed], [money]))(sealed);
}

const texts = (count: number, length: number) => Array.from({ length: count }, (_, i) => `${i} `.padEnd(length, "ü"));

it("rule 13: an array whose text is too long comes back equal, in order, with all that is in it", async () => {
  const value = [...texts(40, 7_000), new Date(3), undefined, new Uint8Array(50_000).fill(7), new Money(5)];
  const kept = keep(value, options);
  if ("refusal" in kept) throw new Error(kept.refusal.reason);
  expect(kept.blobs.length).toBeGreaterThan(5);
  expect(Math.max(...kept.blobs.map(({ bytes }) => bytes.byteLength))).toBeLessThanOrEqual(options.maxPiece);
  expect(await readBack(kept.sealed, kept.blobs)).toEqual(value);
  for (const { id } of kept.blobs) expect(isStoredAs(kept.sealed, id)).toBe(false);
});

it("rule 33: what cannot be taken apart is refused with its place, and with what can be done", () => {
  const refusalOf = (value: unknown) => {
    const kept = keep(value, options);
    return "refusal" in kept ? `${kept.refusal.path}: ${kept.refusal.reason}` : "kept";
  };
  const long = "x".repeat(100_000);
  expect(refusalOf({ text: long })).toMatch(/^: its text is too long: at most 100000 bytes can be kept in one piece/);
  expect(refusalOf(["a", "b", "c", long, "e"])).toMatch(/^\[3\]: its text is too long/);
  expect(refusalOf("ü".repeat(60_000))).toContain("too long"); // few characters, and many bytes
  expect(refusalOf(["a", () => 1])).toMatch(/^\[1\]: a function/);
  expect(refusalOf(new Uint8Array(100_001))).toMatch(/^: 100001 bytes: at most 100000/);
});

it("rule 32: parts of a long array have fewer items where those are long, all of them the same number", () => {
  const listed = (over: readonly unknown[]) => {
    const kept = inParts(over, [money], options.maxPiece);
    if ("refusal" in kept) return `${kept.refusal.path}: ${kept.refusal.reason}`;
    const items = kept.items.flatMap((sealed) => {
      const bytes = kept.blobs.find(({ id }) => isStoredAs(sealed, id))?.bytes;
      return (open(bytes ? new TextDecoder().decode(bytes) : sealed) as { items: unknown[] }).items;
    });
    expect(items).toEqual(over);
    return [kept.partLength, kept.items.length];
  };
  expect(listed(texts(2_500, 10))).toEqual([1_000, 3]);
  expect(listed(texts(1_200, 500))).toEqual([63, 20]);
  expect(listed([...texts(1_500, 2), "x".repeat(100_000)])).toMatch(/^\[1500\]: its text is too long/);
  expect(listed([...texts(1_700, 2), { fine: [1, Number] }])).toMatch(/^\[1700\]\.fine\[1\]: a function/);
});
