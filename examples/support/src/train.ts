// Trains the three heads on the made-up sentences and writes data/heads.json: `npm run train`.
// Boundary: the only writer of that file; heads.ts is the only reader.
// Invariant: what is reported is measured on the sentences marked as held out. One author wrote both parts, so the
// figures say that the heads work, not how well they would do on what real customers write.
import { writeFileSync } from "node:fs";
import { EMBEDDING_MODEL, embed } from "@plumbline/example-local-models/embeddings.ts";
import { dataFile } from "./data-file.ts";
import { HEAD, type HeadsFile, type MeasuredHead } from "./heads.ts";
import { readLabelledSentences } from "./labelled-sentences.ts";
import { predictHead, trainHead } from "./softmax-head.ts";

/** Trains one head from scratch and measures it. */
export async function trainAndMeasure(file: string): Promise<MeasuredHead> {
  const sentences = readLabelledSentences(file);
  const vectors = await embed(sentences.map(({ text }) => text));
  const rows = sentences.map((sentence, at) => ({ ...sentence, vector: vectors[at] as Float32Array }));
  const classes = [...new Set(sentences.map(({ label }) => label))];
  const head = trainHead(
    rows.filter(({ part }) => part === "train"),
    classes,
  );
  const heldOut = rows.filter(({ part }) => part === "held-out");
  const isRight = ({ label, vector }: (typeof rows)[number]) => predictHead(head, vector)[0]?.label === label;
  const measure = (list: typeof rows) => ({ n: list.length, right: list.filter(isRight).length });
  const recognised = classes.map((name) => [name, measure(heldOut.filter(({ label }) => label === name))] as const);
  return { heldOut: measure(heldOut), recognised: Object.fromEntries(recognised), head };
}

if (import.meta.main) {
  const heads: Partial<HeadsFile["heads"]> = {};
  for (const name of HEAD) {
    const measured = await trainAndMeasure(`${name}-sentences.txt`);
    heads[name] = measured;
    console.log(`${name}: ${measured.heldOut.right} of ${measured.heldOut.n} held-out sentences right`);
    for (const [label, { n, right }] of Object.entries(measured.recognised))
      console.log(`  ${label}: ${right} of ${n}`);
  }
  const about =
    "Softmax heads over sentence embeddings, trained on the made-up sentences beside; written by src/train.ts";
  const rows = HEAD.map((name) => `    ${JSON.stringify(name)}: ${JSON.stringify(heads[name])}`).join(",\n");
  writeFileSync(
    dataFile("heads.json"),
    `{\n  "about": ${JSON.stringify(about)},\n  "model": "${EMBEDDING_MODEL}",\n  "heads": {\n${rows}\n  }\n}\n`,
  );
}
