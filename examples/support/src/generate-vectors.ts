// Writes data/passages.vectors.bin, the embeddings of data/articles.json, and the digest of what they were made from.
// Boundary: the only writer of both files; `npm run generate` runs it. Takes up to two minutes.
// Invariant: one signed byte a number (see VECTOR_SCALE); a number that does not fit is an error and not cut off.
import { writeFileSync } from "node:fs";
import { EMBEDDING_MODEL, embed } from "@plumbline/example-local-models/embeddings.ts";
import { packVectors } from "@plumbline/example-local-models/vectors.ts";
import { digestOf, loadArticles, passagesOf, VECTOR_SCALE } from "./articles.ts";
import { dataFile } from "./data-file.ts";

const passages = passagesOf(loadArticles());
const vectors = packVectors(await embed(passages.map(({ text }) => text)));
const bytes = Int8Array.from(vectors, (value) => {
  const scaled = Math.round(value * VECTOR_SCALE);
  if (Math.abs(scaled) > 127) throw new RangeError(`${value} does not fit: lower VECTOR_SCALE`);
  return scaled;
});
writeFileSync(dataFile("passages.vectors.bin"), new Uint8Array(bytes.buffer));
const head = { about: "written by src/generate-vectors.ts", model: EMBEDDING_MODEL, digest: digestOf(passages) };
writeFileSync(dataFile("passages.vectors.json"), `${JSON.stringify(head, null, 2)}\n`);
console.log(`${passages.length} passages`);
