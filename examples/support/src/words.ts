// Texts as lists of words for the search by words: lower case, no filler words, endings cut, synonyms made one.
// Boundary: texts in, words out; scoring is word-index.ts. English only, and rough: it serves the search, not the reader.
// Invariant: a question and an article go through the same function, so it only matters that both come out alike.
import { readFileSync } from "node:fs";
import { dataFile } from "./data-file.ts";

const FILLERS = new Set(
  (
    "a an the is are was were be been i me my mine you your we our it its this that these those to of in on at for with " +
    "and or but not no do does did have has had how what where when why who which can could would will may might there " +
    "here from by so if than then too as am get got any some all"
  ).split(" "),
);

const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/ies$/, "y"],
  [/(?<=.{3})(?:ing|ed|es|ly)$/, ""],
  [/(?<=.{2})(?<!s)s$/, ""],
  [/(?<=.{3})e$/, ""],
];

let synonyms: ReadonlyMap<string, string> | undefined;

/** The words of a text that carry meaning, in order. */
export function wordsOf(text: string): string[] {
  synonyms ??= readSynonyms();
  const words: string[] = [];
  for (const [word] of text
    .toLowerCase()
    .replaceAll("wi-fi", "wifi")
    .matchAll(/[a-z0-9]{2,}/g)) {
    if (FILLERS.has(word)) continue;
    const stem = stemOf(word);
    words.push(synonyms.get(stem) ?? stem);
  }
  return words;
}

function stemOf(word: string): string {
  return ENDINGS.reduce((cut, [ending, instead]) => cut.replace(ending, instead), word);
}

/** Each word of a group stands for the group's first. */
function readSynonyms(): Map<string, string> {
  const [, ...groups] = readFileSync(dataFile("synonyms.txt"), "utf8").trim().split("\n");
  const pairs = groups.flatMap((group) => {
    const [first = "", ...others] = group.replaceAll("wi-fi", "wifi").split(" ").map(stemOf);
    return others.map((other) => [other, first] as const);
  });
  return new Map(pairs);
}
