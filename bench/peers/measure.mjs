// Measures one engine in a process of its own: cold start, one client, many clients, memory, disk, and what becomes of values.
// Boundary: `measure.mjs ENGINE OPTIONS` sends its parent one message; the engine is a module beside this one. Invariants: the
// same for every engine, ours included; every answer is checked; a client asks again only when it has its answer.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { kinds } from "./four-steps.mjs";

const [name, options] = process.argv.slice(2);
const { folder, engine, oneClientRuns, oneClientMs, warmUpMs, forMs, levels, values } = JSON.parse(options);
const { open } = await import(`./${name}.mjs`);

const coldFolder = join(folder, "runs");
mkdirSync(coldFolder);
const system = await open(coldFolder, engine);
const emptyBytes = await system.storedBytes?.(); // of engines with a server, whose files are large while they are empty
let runs = 0;
async function ask() {
  const { n, label } = await system.four();
  if (n !== 4 || label !== "fourth") throw new Error(`a wrong result: ${n} ${label}`);
  runs++;
}
await ask();
const coldMs = Date.now() - performance.timeOrigin;

await clients(1, warmUpMs);
const times = [];
const from = performance.now();
while (times.length < oneClientRuns && performance.now() - from < oneClientMs) {
  const begun = performance.now();
  await ask();
  times.push(performance.now() - begun);
}
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
const figures = {
  coldMs,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  "stepsPerSecond@1": (times.length * 4) / (times.reduce((sum, ms) => sum + ms, 0) / 1000),
};
for (const level of levels) {
  await clients(level, warmUpMs);
  figures[`stepsPerSecond@${level}`] = await clients(level, forMs);
}
figures.rssMb = process.memoryUsage().rss / 2 ** 20 + (system.serverMb?.() ?? 0);
const storedBytes = await system.storedBytes?.();
await system.close();
// Files after closing, when the write-ahead log has been folded in.
figures.bytesPerRun = (storedBytes === undefined ? bytesIn(coldFolder) : storedBytes - emptyBytes) / runs;
const carried = values ? await carryAll() : {};
process.send({ figures, carried, node: process.version });
process.disconnect();

/** What the next step is given of each kind of value; in a system of its own, so that it is not in what was counted. */
async function carryAll() {
  const valueFolder = join(folder, "values");
  mkdirSync(valueFolder);
  const carrier = await open(valueFolder, engine);
  const carried = {};
  for (const kind of kinds) {
    carried[kind] = await carrier.carry(kind).catch((error) => `refused: ${String(error?.message).split("\n")[0]}`);
  }
  await carrier.close();
  return carried;
}

/** Steps a second of so many clients, from the first question to the last answer. */
async function clients(count, ms) {
  const begun = performance.now();
  const before = runs;
  await Promise.all(
    Array.from({ length: count }, async () => {
      do await ask();
      while (performance.now() - begun < ms);
    }),
  );
  return ((runs - before) * 4 * 1000) / (performance.now() - begun);
}

function bytesIn(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
