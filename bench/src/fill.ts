/**
 * Fills a file with runs through the engine, so many at once.
 *
 * Boundary: counting; what a run is comes in. Invariant: what the caller asked for is durable when it resolves.
 */
export async function fill(count: number, atOnce: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async () => {
      while (next < count) await one(next++);
    }),
  );
}

export const fillAtOnce = 4_000;
