// "Did you mean …?": the nearest of the names that there are.
// Boundary: two words in, letters counted; what is a name is the caller's affair. Of its own, because scripts import nothing of the
// packages: they tell what there is also while those do not compile.

/** The nearest name within a third of its letters, or one that the word is a part of; none when all are further away. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, slips: slipsBetween(word.toLowerCase(), name) }));
  const enough = ({ name, slips }: (typeof ranked)[number]) => slips <= Math.ceil(name.length / 3);
  return ranked.filter(enough).sort((a, b) => a.slips - b.slips)[0]?.name;
}

/** Letters to add, take away or change (V. Levenshtein, 1965); a part of a name of three letters or more is one slip. */
function slipsBetween(word: string, name: string): number {
  if (word.length > 2 && word !== name && name.includes(word)) return 1;
  let row = Array.from({ length: name.length + 1 }, (_, column) => column);
  for (const letter of word) {
    const next = [(row[0] as number) + 1];
    for (let column = 1; column <= name.length; column++) {
      const changed = (row[column - 1] as number) + (name[column - 1] === letter ? 0 : 1);
      next.push(Math.min(changed, (row[column] as number) + 1, (next[column - 1] as number) + 1));
    }
    row = next;
  }
  return row[name.length] as number;
}
