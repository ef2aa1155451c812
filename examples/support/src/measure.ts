// Measures the parts without any flow: `npm run measure`. What README.md says about quality is printed here.
// Boundary: reads the made-up questions and sentences; changes nothing.
// Invariant: the search is measured alone by cosine, alone by words, and together, so that each can be seen to be worth it.
import { embed } from "@plumbline/example-local-models/embeddings.ts";
import type { Shelf } from "./articles.ts";
import { loadHeads } from "./heads.ts";
import { readIntent } from "./intent.ts";
import { findArticles, WEIGHTS, type Weights } from "./knowledge-base.ts";
import { readLabelledSentences } from "./labelled-sentences.ts";
import { type AskedQuestion, loadQuestions } from "./questions.ts";
import { HUMAN_BELOW, readSentiment } from "./sentiment.ts";
import { findBadWords, judgeMeaning } from "./toxicity.ts";

export interface HitRate {
  readonly n: number;
  /** The expected article was the first. */
  readonly first: number;
  /** It was among the first three, all of which the customer is shown. */
  readonly firstThree: number;
}

type Embedded<One> = readonly (One & { readonly vector: Float32Array })[];

export async function withVectors<One extends { readonly text: string }>(list: readonly One[]): Promise<Embedded<One>> {
  const vectors = await embed(list.map(({ text }) => text));
  return list.map((one, at) => ({ ...one, vector: vectors[at] as Float32Array }));
}

export function hitRate(questions: Embedded<AskedQuestion>, weights: Weights = WEIGHTS): HitRate {
  const places = questions.map(({ text, vector, article }) => {
    const shelves = new Map<Shelf, number>(
      readIntent(vector).shelves.map(({ shelf, probability }) => [shelf, probability]),
    );
    const found = findArticles({ text, vector, shelves }, 3, weights);
    return found.findIndex((one) => one.id === article);
  });
  return {
    n: places.length,
    first: places.filter((place) => place === 0).length,
    firstThree: places.filter((place) => place >= 0).length,
  };
}

export interface Caught {
  readonly of: number;
  readonly caught: number;
  readonly falseAlarms: number;
  readonly ofOthers: number;
}

/** How many of those that it is for a test caught, and how many of the others. */
export function caughtBy<One>(
  list: readonly One[],
  isMeant: (one: One) => boolean,
  test: (one: One) => boolean,
): Caught {
  const meant = list.filter(isMeant);
  const others = list.filter((one) => !isMeant(one));
  return {
    of: meant.length,
    caught: meant.filter(test).length,
    falseAlarms: others.filter(test).length,
    ofOthers: others.length,
  };
}

async function measure(): Promise<void> {
  for (const [name, { heldOut }] of Object.entries(loadHeads())) {
    console.log(`${name} head: ${heldOut.right} of ${heldOut.n} held-out sentences right`);
  }
  const alone = { title: 0, whole: 0, sentence: 0, words: 0, intent: 0 };
  const ways: readonly (readonly [string, Weights])[] = [
    ["cosine alone", { ...WEIGHTS, words: 0, intent: 0 }],
    ["words alone", { ...alone, words: 1 }],
    ["cosine and words", { ...WEIGHTS, intent: 0 }],
    ["with intent", WEIGHTS],
  ];
  for (const list of ["questions", "fresh-questions"] as const) {
    const asked = await withVectors(loadQuestions(list));
    for (const [name, weights] of ways) {
      const { n, first, firstThree } = hitRate(asked, weights);
      console.log(`${list}, ${name}: first ${first}, among three ${firstThree} of ${n}`);
    }
  }
  const toxic = (await withVectors(readLabelledSentences("toxicity-sentences.txt"))).filter(isHeldOut);
  const isToxic = ({ label }: { label: string }) => label === "toxic";
  say(
    "toxicity by words",
    caughtBy(toxic, isToxic, ({ text }) => findBadWords(text).toxic),
  );
  say(
    "toxicity by meaning",
    caughtBy(toxic, isToxic, ({ vector }) => judgeMeaning(vector).toxic),
  );
  const moods = (await withVectors(readLabelledSentences("mood-sentences.txt"))).filter(isHeldOut);
  for (const way of ["byWords", "byMeaning", "score"] as const) {
    const isLow = (one: { text: string; vector: Float32Array }) =>
      readSentiment(one.text, one.vector)[way] < HUMAN_BELOW;
    say(
      `sentiment, ${way}`,
      caughtBy(moods, ({ label }) => label === "upset", isLow),
    );
  }
}

function isHeldOut({ part }: { readonly part: string }): boolean {
  return part === "held-out";
}

function say(what: string, { of, caught, falseAlarms, ofOthers }: Caught): void {
  console.log(`${what}: ${caught} of ${of} caught, ${falseAlarms} false alarms among ${ofOthers}`);
}

if (import.meta.main) await measure();
