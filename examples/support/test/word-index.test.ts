// Goal: the search by words prefers rare shared words, and takes forms and synonyms of a word for one.
import { expect, test } from "vitest";
import { WordIndex } from "../src/word-index.ts";
import { wordsOf } from "../src/words.ts";

test("forms of a word and its synonyms come out alike; filler words do not come out", () => {
  expect(wordsOf("Where are my bills?")).toEqual(wordsOf("the invoice"));
  expect(wordsOf("Connecting the Wi-Fi")).toEqual(wordsOf("you connected wireless"));
  expect(wordsOf("How do I do it?")).toEqual([]);
});

test("a rare word weighs more than a common one, and no shared word gives 0", () => {
  const index = new WordIndex([
    ["camera", "battery"],
    ["camera", "shutter"],
    ["camera", "wall"],
    ["roaming", "price"],
  ]);
  const [battery = 0, shutter = 0, wall = 0, roaming = 0] = index.scores(["camera", "shutter"]);
  expect(shutter).toBeGreaterThan(battery);
  expect(battery).toBe(wall);
  expect(wall).toBeGreaterThan(0);
  expect(roaming).toBe(0);
});

test("a word that is asked twice, or that no text has, changes nothing", () => {
  const index = new WordIndex([["lock", "door"], ["bulb"]]);
  expect(index.scores(["lock", "lock", "giraffe"])).toEqual(index.scores(["lock"]));
});

test("the same word weighs less in a long text, and repeating it counts less and less", () => {
  const index = new WordIndex([["hub"], ["hub", "a1", "a2", "a3", "a4", "a5"], ["hub", "hub"], ["hub", "hub", "hub"]]);
  const [short = 0, long = 0, twice = 0, thrice = 0] = index.scores(["hub"]);
  expect(short).toBeGreaterThan(long);
  expect(twice - short).toBeGreaterThan(thrice - twice);
});
