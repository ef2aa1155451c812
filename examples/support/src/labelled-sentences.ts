// Reads the hand-written sentence files: "# label / part" lines with one sentence a line below each.
// Boundary: texts and labels only; embedding them is train.ts.
// Invariant: a sentence is in one part only, so nothing that is held out was trained on.
import { readFileSync } from "node:fs";
import { dataFile } from "./data-file.ts";

export interface LabelledSentence {
  readonly label: string;
  readonly part: "train" | "held-out";
  readonly text: string;
}

/** @throws Error when a heading is not understood or a sentence is there twice */
export function readLabelledSentences(file: string): LabelledSentence[] {
  const sections = readFileSync(dataFile(file), "utf8").split(/^# /m).slice(1);
  const sentences = sections.flatMap((section) => {
    const [heading = "", ...lines] = section.trim().split("\n");
    const [label = "", part] = heading.split(" / ");
    if (part !== "train" && part !== "held-out") throw new Error(`${file}: no part in the heading "${heading}"`);
    return lines.filter((line) => line !== "").map((text) => ({ label, part, text }) as const);
  });
  const texts = new Set(sentences.map(({ text }) => text.toLowerCase()));
  if (texts.size !== sentences.length) throw new Error(`${file}: a sentence is there twice`);
  return sentences;
}
