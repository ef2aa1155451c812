/**
 * The items of a map, kept one by one; of an array that is too long for one journal, part by part.
 *
 * Boundary: an array to the entry that lists it; what parts run is part.ts's. Invariant: a part has so many items that its text
 * can be kept, and all parts of an array but the last have the same number, so that an item's part follows from its place.
 */
import { type Codec, describe, type PlanMap, type Refusal, type Sealed, type Slot } from "@plumbline/core";
import { keep, type NewBlob } from "../stores/value-keeper.ts";
import type { Done, PerformingRun } from "./host.ts";
import { withValue } from "./user-code.ts";

/** Items of one map (rule 32). */
const maxItems = 10_000_000;
/** Items of one map in one journal; longer arrays are spread over called runs, so that no journal grows with them. */
const maxItemsInJournal = 1_000;

type Kept = { readonly items: readonly Sealed[]; readonly blobs: readonly NewBlob[] } | { readonly refusal: Refusal };

export function listItems(run: PerformingRun, slot: Slot, done: Done): void {
  const { codecs } = run.code.flow.code;
  const said = () => ({ at: run.host.clock.now(), slot: slot.id });
  const fail = (message: string) => done([{ kind: "step.failed", ...said(), failure: { kind: "value", message } }]);
  const list = (needs: unknown) => {
    const { over, from } = needs as { over: unknown; from?: number };
    if (!Array.isArray(over)) return fail(`over is ${describe(over)} instead of an array`);
    if (over.length > maxItems) return fail(`over has ${over.length} items: at most ${maxItems}`);
    const isSpread = over.length > maxItemsInJournal && (slot.node as PlanMap).parts !== undefined;
    const { partLength, ...kept } = isSpread
      ? inParts(over, codecs)
      : { ...keepAll(over, codecs), partLength: undefined };
    if ("refusal" in kept) return fail(`over${kept.refusal.path}: ${kept.refusal.reason}`);
    const place = { ...(from ? { from } : {}), ...(partLength === undefined ? {} : { partLength }) };
    done([{ kind: "items.listed", ...said(), items: kept.items, ...place }], kept.blobs);
  };
  withValue(run, slot.frame, slot.node.needs, list, (failure) => done([{ kind: "step.failed", ...said(), failure }]));
}

function keepAll(values: readonly unknown[], codecs: readonly Codec[], maxPiece?: number): Kept {
  const items: Sealed[] = [];
  const blobs: NewBlob[] = [];
  for (const [index, value] of values.entries()) {
    const kept = keep(value, { codecs, nonFinite: true, ...(maxPiece === undefined ? {} : { maxPiece }) });
    if ("refusal" in kept) return { refusal: { ...kept.refusal, path: `[${index}]${kept.refusal.path}` } };
    items.push(kept.sealed);
    for (const blob of kept.blobs) blobs.push(blob);
  }
  return { items, blobs };
}

/** As many items in a part as one journal takes, or fewer where their text would be too long to be kept. */
export function inParts(
  over: readonly unknown[],
  codecs: readonly Codec[],
  maxPiece?: number,
): Kept & { readonly partLength: number } {
  for (let partLength = maxItemsInJournal; ; partLength = Math.ceil(partLength / 2)) {
    const parts = Array.from({ length: Math.ceil(over.length / partLength) }, (_, part) => {
      const from = part * partLength;
      return { items: over.slice(from, from + partLength), from };
    });
    const kept = keepAll(parts, codecs, maxPiece);
    if (!("refusal" in kept)) return { ...kept, partLength };
    const { refusal } = kept;
    if (partLength === 1 || !refusal.isTooLong) {
      return { refusal: { ...refusal, path: inWhole(refusal.path, partLength) }, partLength };
    }
  }
}

/** The place in a part as the place in the whole array. */
function inWhole(path: string, partLength: number): string {
  return path.replace(/^\[(\d+)\]\.items\[(\d+)\]/, (_, part, item) => `[${Number(part) * partLength + Number(item)}]`);
}
