/**
 * Peers: the four-step flow on other engines, beside ours in the same rounds.
 *
 * Boundary: who and how large; the engines are in peers/. Invariants: ours is set against a peer of the same durability class
 * and in the same harness; what is unlike is called so.
 */
import { type Contender, contenders } from "../peers/contenders.ts";
import { installPeers, measurePeer, type PeerFigures, type PeerOptions } from "../peers/peer-process.ts";
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Figures, Findings, Result, Suite } from "../suite.ts";

export const peers: Suite = {
  name: "peers",
  about:
    "The four-step flow on OpenWorkflow, LangGraph, Mastra, DBOS, Restate, Effect and Vercel's Workflow beside ours, each as its documents advise",
  run,
};

/** A figure of every contender; with `clients` of those only that bear so many. */
interface Measure {
  readonly name: string;
  readonly figure: string;
  readonly unit: string;
  readonly clients?: number;
}

async function run(bench: Bench): Promise<Findings> {
  installPeers(bench.say);
  const options = bench.pick({
    full: { oneClientRuns: 1_000, oneClientMs: 20_000, warmUpMs: 2_000, forMs: 8_000, levels: [100, 1_000] },
    quick: { oneClientRuns: 100, oneClientMs: 3_000, warmUpMs: 300, forMs: 1_500, levels: [100] },
    smallest: { oneClientRuns: 2, oneClientMs: 1_000, warmUpMs: 1, forMs: 10, levels: [2] },
  });
  const told = new Map<string, PeerFigures>();
  const rounds = await interleaved(
    bench,
    Object.fromEntries(contenders.map((one) => [one.name, () => measured(one, options, told)])),
  );
  const measures: readonly Measure[] = [
    { name: "p50-ms", figure: "p50Ms", unit: "ms" },
    { name: "p99-ms", figure: "p99Ms", unit: "ms" },
    ...[1, ...options.levels].map((level) => ({
      name: `steps-per-second-at-${level}`,
      figure: `stepsPerSecond@${level}`,
      unit: "steps/s",
      clients: level,
    })),
    { name: "cold-start-ms", figure: "coldMs", unit: "ms" },
    { name: "resident-mb", figure: "rssMb", unit: "MB" },
    { name: "disk-bytes-per-run", figure: "bytesPerRun", unit: "bytes" },
  ];
  return {
    results: measures.flatMap(({ name, figure, unit, clients }) => {
      const able = contenders.filter((one) => isAble(one, clients));
      return able.map((one): Result => {
        const samples = samplesOf(rounds[one.name] ?? [], figure);
        return { name: `${one.name}-${name}`, unit, samples, ...ratiosTo(one, samples, able, rounds, figure) };
      });
    }),
    reading: [
      ...contenders.map(
        ({ name, durability, note }) => `${name} (${durability}, Node ${told.get(name)?.node}): ${note}.`,
      ),
      ...valueSentences(told),
    ],
    notComparable: [
      "full is synced at each commit and survives the loss of power; normal survives the death of the process. Ratios stand within a class only.",
      "A checkpointer or a store of snapshots is no engine: who resumes a run after a crash, when, and how often at once, is left to its caller.",
      "The median at 100 and 1,000 clients would be queueing, so only throughput is told there.",
      "Values are as the next step is given them in an uninterrupted run; after a resume a peer may give others.",
      "DBOS and Restate have a server beside the process that is measured, which shares its cores and can be shared by many processes; the others are libraries on a file of one process. What they cost is not what they are for.",
      "Cold start is from the start of the process to the first answer, tables made. Ours loads TypeScript sources here, which the published package does not have to.",
      "LangGraph and Effect may run on another Node than the others, see their lines.",
      "Memory is the process that asks and runs the steps, and the server where there is one; disk is what is left of a run, not what was written for it.",
    ],
  };
}

/** Values are carried in the first round: they are the same in each. */
async function measured(
  one: Contender,
  options: Omit<PeerOptions, "values">,
  told: Map<string, PeerFigures>,
): Promise<Figures> {
  const levels = options.levels.filter((level) => isAble(one, level));
  const found = await measurePeer(one, { ...options, levels, values: !told.has(one.name) });
  if (!told.has(one.name)) told.set(one.name, found);
  return found.figures;
}

function isAble({ mostClients = Number.POSITIVE_INFINITY }: Contender, clients = 1): boolean {
  return clients <= mostClients;
}

/** Ours says how it stands to each peer of its class. */
function ratiosTo(
  one: Contender,
  samples: readonly number[],
  able: readonly Contender[],
  rounds: Readonly<Record<string, readonly Figures[]>>,
  figure: string,
): Pick<Result, "ratios"> {
  if (one.module !== "plumbline") return {};
  const alike = able.filter((peer) => peer.module !== "plumbline" && peer.durability === one.durability);
  const ratios = alike.map(({ name }) => [name, ratiosOf(samples, samplesOf(rounds[name] ?? [], figure))] as const);
  return { ratios: Object.fromEntries(ratios) };
}

function valueSentences(told: ReadonlyMap<string, PeerFigures>): string[] {
  return [...told].map(([name, { carried }]) => {
    const words = Object.entries(carried).map(([kind, found]) => `${kind} -> ${found}`);
    return `${name}, what the next step is given: ${words.join("; ")}.`;
  });
}
