// Large values through three steps: as bytes, and as a JSON list. Nothing here says that they are large.
// Boundary: wiring; what the steps do is transactions.ts, where the values lie is the store's affair.
// Invariant: each step gives a value as large as the one that it was given, and the answer is the last of them.
import { flow } from "plumbline";
import { z } from "zod";
import { bytesOf, listOf, maskBytes, maskList, scoreBytes, scoreList, Transaction } from "./transactions.ts";

const Wanted = z.object({ seed: z.int(), mib: z.number().positive() });
const Bytes = z.instanceof(Uint8Array);
const List = z.array(Transaction);
const samples = { small: { seed: 1, mib: 1 } };

export const largeBytes = flow("large-bytes", {
  input: Wanted,
  samples,
  build($, { seed, mib }) {
    const loaded = $.step("load", { needs: { seed, mib }, output: Bytes }).by(({ seed, mib }) => bytesOf(seed, mib));
    const scored = $.step("score", { needs: { loaded }, output: Bytes }).by(({ loaded }) => scoreBytes(loaded));
    return $.step("mask", { needs: { scored }, output: Bytes }).by(({ scored }) => maskBytes(scored));
  },
});

export const largeJson = flow("large-json", {
  input: Wanted,
  samples,
  build($, { seed, mib }) {
    const loaded = $.step("load", { needs: { seed, mib }, output: List }).by(({ seed, mib }) => listOf(seed, mib));
    const scored = $.step("score", { needs: { loaded }, output: List }).by(({ loaded }) => scoreList(loaded));
    return $.step("mask", { needs: { scored }, output: List }).by(({ scored }) => maskList(scored));
  },
});
