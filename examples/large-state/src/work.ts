// Takes one large value through its flow on a database, in a process of its own, to be measured or to be killed.
//   node --conditions=plumbline-source work.ts --db FILE --shape bytes|json --mib N --seed S [--plain]
// Says every committed entry on a line of its own, then its figures. Started again on the same database it goes on.
// With --plain the same functions run without any engine: what the values alone weigh.
import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { openEngine, sqlite } from "plumbline";
import { largeBytes, largeJson } from "./flow.ts";
import { peakMib, watchStalls } from "./measured.ts";
import { bytesOf, listOf, maskBytes, maskList, scoreBytes, scoreList } from "./transactions.ts";

/** What it weighed and how long it took. */
export interface Figures {
  readonly outcome: string;
  readonly run: string;
  readonly ms: number;
  /** Of all threads: what it took, however busy the machine was. */
  readonly cpuMs: number;
  readonly peakMib: number;
  /** The longest time in which nothing else of the process could run. */
  readonly stallMs: number;
}
export type Said = { readonly entry: string; readonly step?: string } | Figures;

const { values } = parseArgs({
  options: {
    db: { type: "string", default: "large-state.db" },
    shape: { type: "string", default: "bytes" },
    mib: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    plain: { type: "boolean", default: false },
  },
});
const input = { seed: Number(values.seed), mib: Number(values.mib) };
const longestStall = watchStalls();
const begun = performance.now();

/** At once: a line that waits in a buffer would be lost with the process. */
function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`);
}

function sayFigures(outcome: string, run: string): void {
  const { user, system } = process.cpuUsage();
  const cpuMs = Math.round((user + system) / 1000);
  say({ outcome, run, ms: Math.round(performance.now() - begun), cpuMs, peakMib: peakMib(), stallMs: longestStall() });
}

function runPlainly(): void {
  if (values.shape === "bytes") maskBytes(scoreBytes(bytesOf(input.seed, input.mib)));
  else maskList(scoreList(listOf(input.seed, input.mib)));
}

async function runFlow(): Promise<void> {
  const flow = values.shape === "bytes" ? largeBytes : largeJson;
  const engine = await openEngine({ store: sqlite(values.db), flows: [largeBytes, largeJson] });
  const run = await engine.start(flow.plan.flow, input, { key: values.shape });
  const names = flow.plan.scopes[0]?.nodes.map(({ name }) => name) ?? [];
  for await (const { entry } of engine.watch(run.id)) {
    const step = "slot" in entry && entry.slot !== undefined ? names[entry.slot] : undefined;
    say({ entry: entry.kind, ...(step === undefined ? {} : { step }) });
  }
  const record = await engine.get(run.id);
  await engine.close();
  sayFigures(record?.summary.outcome ?? "unfinished", run.id);
}

if (values.plain) {
  runPlainly();
  sayFigures("plain", "");
} else await runFlow();
