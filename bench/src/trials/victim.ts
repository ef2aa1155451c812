/**
 * A process that is killed with all its runs in flight: the first step of each is durable, the second one hangs.
 *
 * Boundary: started by recovery.ts, told file and count; says when all hang. Invariant: it never ends by itself.
 */
import { openEngine, sqlite } from "plumbline";
import { fill, fillAtOnce } from "../fill.ts";
import { inFlight } from "../flows/in-flight.ts";

const [file, count] = process.argv.slice(2);
const runs = Number(count);
let hanging = 0;
const flow = inFlight(() => {
  hanging++;
  if (hanging === runs) process.send?.("all hang");
  return new Promise(() => {});
});
const engine = await openEngine({ store: sqlite(file as string), flows: [flow] });
await fill(runs, fillAtOnce, async (n) => {
  await engine.start(flow, { n });
});
