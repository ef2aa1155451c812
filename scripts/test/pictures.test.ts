// Holds the READMEs of the examples to what the command draws. Mend a failure with `npm run pictures`.
import { expect, test } from "vitest";
import { pictures } from "../pictures.ts";

test("each picture in an example's README is what plumbline graph draws", () => {
  const found = pictures();
  expect(found.length).toBeGreaterThan(3);
  expect(found.filter(({ text, drawn }) => text !== drawn).map(({ readme }) => readme)).toEqual([]);
});
