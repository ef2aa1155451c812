// Says what a question is about: a probability for each shelf of the help centre.
// Boundary: an embedding in, an opinion out; what the search makes of it is knowledge-base.ts.
// Invariant: it narrows nothing down by itself. With 8 close shelves it errs in one case of six, and an article behind a
// closed door cannot be found.
import { z } from "zod";
import { SHELF, type Shelf } from "./articles.ts";
import { loadHeads } from "./heads.ts";
import { predictHead } from "./softmax-head.ts";

export const Intent = z.object({
  shelf: z.enum(SHELF),
  probability: z.number().min(0).max(1),
  /** All shelves, likeliest first. */
  shelves: z.array(z.object({ shelf: z.enum(SHELF), probability: z.number().min(0).max(1) })).length(SHELF.length),
});
export type Intent = z.infer<typeof Intent>;

export function readIntent(vector: Float32Array): Intent {
  const shelves = predictHead(loadHeads().intent.head, vector).map(({ label, probability }) => ({
    shelf: label as Shelf,
    probability,
  }));
  const [first] = shelves;
  if (first === undefined) throw new Error("the intent head knows no shelf");
  return { ...first, shelves };
}
