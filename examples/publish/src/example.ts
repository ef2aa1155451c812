// `npm run example -- publish`: seven notices of a town that does not exist go to the board, or do not.
// Boundary: plays and prints. Ends with 1 when the board and the answers do not agree.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { classify, measureKinds } from "./kind.ts";
import { type Published, publishSamples } from "./publication.ts";

export const about =
  "A notice: classified, two drafts side by side, an editor with a timeout and a default, sent and undone";

const notice =
  "Notices, town and editor are made up: a script decides, and it leaves two unanswered. The board is a service on loopback.";
/** Short, so that what nobody answers does not hold up the demonstration. */
const EDITOR_TIMEOUT_MS = 1_000;

export async function main({ json }: { readonly json: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-publish-"));
  try {
    await classify({ text: "warm up" });
    const published = await publishSamples(join(folder, "plumbline.db"), EDITOR_TIMEOUT_MS);
    const problems = published.flatMap(problemsOf);
    const quality = await measureKinds();
    if (json) console.log(JSON.stringify({ published, problems, quality, simulated: notice }, undefined, 2));
    else console.log(textOf(published, problems, quality));
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the board has must be what the answer says: once, or not at all. */
export function problemsOf({ id, text, onBoard }: Published): string[] {
  const expected = text === undefined ? [] : [text];
  if (JSON.stringify(onBoard) === JSON.stringify(expected)) return [];
  return [`${id}: answered ${JSON.stringify(expected)}, on the board is ${JSON.stringify(onBoard)}`];
}

function textOf(
  published: readonly Published[],
  problems: readonly string[],
  { right, notices }: Awaited<ReturnType<typeof measureKinds>>,
): string {
  const agree = problems.length === 0 ? "board and answers agree" : styleText("red", problems.join("\n"));
  return [
    styleText("bold", "Publish: classify, two drafts, an editor, send"),
    notice,
    "",
    ...published.flatMap(linesOf),
    "",
    `${published.filter(({ text }) => text !== undefined).length} of ${published.length} hang on the board; ${agree}`,
    `kinds: ${right} of ${notices} held-out notices right (written for this example)`,
  ].join("\n");
}

function linesOf({ id, outcome, kind, via, drafts, text, sendAttempts, failure, withdrawn }: Published): string[] {
  const sent = sendAttempts > 1 ? `, sent ${sendAttempts} times under one key` : "";
  const undone = withdrawn ? ", withdrawn from the board" : "";
  const head = `${id.padEnd(8)}  ${outcome.padEnd(9)}  ${kind.padEnd(9)}  ${via}${sent}${undone}`;
  const paint = outcome === "failed" ? "red" : outcome === "degraded" ? "yellow" : "reset";
  return [
    styleText(paint, head),
    styleText("dim", `  lead  ${drafts.lead}`),
    styleText("dim", `  core  ${drafts.core}`),
    `  ->    ${text ?? (failure === undefined ? "nothing goes out" : `failed: ${failure}`)}`,
  ];
}
