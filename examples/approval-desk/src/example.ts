// `npm run example -- approval-desk`: a morning at a desk whose people do not always answer, in a second of real time.
// Boundary: plays the story in a folder that goes away, and prints it. What must come of it is asserted in the test.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { play } from "./play.ts";
import { story } from "./story.ts";
import { tableOf, warningsOf } from "./table.ts";

export const about =
  "A desk with a circuit breaker: timeouts, automatic approvals, the probe, recovery, on a virtual clock";

const notice =
  "People and their answers are a script, and time is virtual; engine, journal and breaker are the real ones.";

export async function main({ json }: { readonly json: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-approval-desk-"));
  const begun = performance.now();
  try {
    const rows = await play(story, join(folder, "plumbline.db"));
    const ms = performance.now() - begun;
    if (json) {
      console.log(JSON.stringify({ rows, simulated: notice, ms }, undefined, 2));
      return;
    }
    const longest = Math.max(...rows.map(({ waitedMs }) => waitedMs)) / 1000;
    const unfinished = rows.filter(({ outcome }) => outcome === "unfinished").length;
    console.log(
      styleText("bold", "Approval desk: 300 s for a person; 5 timeouts in a row open the breaker for an hour"),
    );
    console.log(`${notice}\n\n${tableOf(rows)}\n`);
    console.log(`What stood on standard error meanwhile:\n${warningsOf(rows)}\n`);
    console.log(`${rows.length} requests, ${unfinished} still waiting; the longest waited ${longest} s`);
    console.log(`${rows[0]?.arrived} to ${rows.at(-1)?.decided} of virtual time in ${Math.round(ms)} ms`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
