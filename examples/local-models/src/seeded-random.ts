// Repeatable chance for generators, training and tests.
// Boundary: no state outside the returned function; not for secrets.
// Invariant: the same seed gives the same sequence on every machine (32-bit integer arithmetic only).

/** A source of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The numbers 0..count-1 in an order chosen by `random` (Fisher-Yates). */
export function shuffledIndices(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const moved = order[last] as number;
    order[last] = order[other] as number;
    order[other] = moved;
  }
  return order;
}

/** One element of a list that is not empty. */
export function pick<T>(list: readonly T[], random: () => number): T {
  if (list.length === 0) throw new RangeError("pick() needs a list with at least one element");
  return list[Math.floor(random() * list.length)] as T;
}

/** A whole number from `low` to `high`, both possible. */
export function wholeBetween(low: number, high: number, random: () => number): number {
  return low + Math.floor(random() * (high - low + 1));
}
