/**
 * Rounds: every contender once a round, in turning order, so that a disturbance of the machine hits all of them.
 *
 * Boundary: order and arithmetic of samples; what is measured comes in as functions. Invariant: the n-th samples of two
 * contenders are neighbours in time, so their ratio is fair even on a machine that has other work.
 */
import type { Bench, Figures } from "./suite.ts";

type Contenders<Name extends string> = Readonly<Record<Name, () => Promise<Figures>>>;

/** The figures of each contender, one a round. */
export async function interleaved<Name extends string>(
  bench: Bench,
  contenders: Contenders<Name>,
): Promise<Record<Name, readonly Figures[]>> {
  const names = Object.keys(contenders) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as Figures[]])) as Record<Name, Figures[]>;
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length] as Name;
      const figures = await contenders[name]();
      found[name].push(figures);
      bench.say(`round ${round + 1}/${bench.rounds} ${name}: ${worded(figures)}`);
    }
  }
  return found;
}

function worded(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(", ");
}

/** One figure of every round. */
export function samplesOf(rounds: readonly Figures[], name: string): number[] {
  return rounds.map((figures) => {
    const value = figures[name];
    if (value === undefined) throw new Error(`the trial did not measure "${name}"`);
    return value;
  });
}

/** Round by round, one divided by the other. */
export function ratiosOf(samples: readonly number[], others: readonly number[]): number[] {
  return samples.map((sample, round) => sample / (others[round] as number));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The value below which a share of the samples lies: the nearest sample, no interpolation. */
export function quantile(samples: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length === 0) throw new Error("no samples");
  if (share === 0.5 && sorted.length % 2 === 0) {
    const upper = sorted.length / 2;
    return ((sorted[upper - 1] as number) + (sorted[upper] as number)) / 2;
  }
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
