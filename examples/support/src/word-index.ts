// Search by words: BM25 over a fixed list of texts.
// Boundary: lists of words in, one score a text out; making words of texts is words.ts.
// Invariant: nothing changes after the index was made; a text that shares no word scores 0.

/** The usual values: how soon repeating a word stops counting, and how much long texts are held back. */
const SATURATION = 1.2;
const LENGTH_WEIGHT = 0.75;

export class WordIndex {
  readonly #counts: readonly ReadonlyMap<string, number>[];
  readonly #lengths: readonly number[];
  readonly #meanLength: number;
  readonly #textsWith = new Map<string, number>();

  constructor(texts: readonly (readonly string[])[]) {
    this.#counts = texts.map((words) => {
      const counts = new Map<string, number>();
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      for (const word of counts.keys()) this.#textsWith.set(word, (this.#textsWith.get(word) ?? 0) + 1);
      return counts;
    });
    this.#lengths = texts.map((words) => words.length);
    this.#meanLength = this.#lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, texts.length);
  }

  /** The score of every text, in their order. */
  scores(words: readonly string[]): number[] {
    const asked = [...new Set(words)];
    return this.#counts.map((counts, text) => {
      const length = (this.#lengths[text] as number) / this.#meanLength;
      const held = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length);
      return asked.reduce((sum, word) => {
        const count = counts.get(word) ?? 0;
        return sum + (this.#rarity(word) * count * (SATURATION + 1)) / (count + held);
      }, 0);
    });
  }

  #rarity(word: string): number {
    const having = this.#textsWith.get(word) ?? 0;
    return Math.log(1 + (this.#counts.length - having + 0.5) / (having + 0.5));
  }
}
