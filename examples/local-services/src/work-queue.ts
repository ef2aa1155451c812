// Work on many things, a few at a time. Boundary: functions; knows nothing of engines or services.
// Invariant: results come in the order of the items, whichever ends first.

/** Like Promise.all over `items`, with at most `limit` under way. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
