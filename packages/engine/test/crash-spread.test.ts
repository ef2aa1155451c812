// Attacks spread maps with real processes: a worker is killed at random moments; the journals of runs and parts and the ledger
// must agree, and no signal is lost or taken twice.
import { fold, newState, type StoredRun } from "@plumbline/core";
import { expect, it } from "vitest";
import { folderOfFile } from "./fixtures/folder.ts";
import { killAgainAndAgain } from "./fixtures/kills.ts";
import { effectsOfTree } from "./fixtures/spread-tree.ts";

const folder = folderOfFile();

it("rules 1-10, 20: killed 5 times, every run ends with its parts, nothing is done again, what failed is undone", async () => {
  const { runs, effects, heard } = await killAgainAndAgain({
    fixture: "spread-child.ts",
    folder,
    kills: 5,
    mostMs: 2_000,
  });
  expect(new Set(effects).size, "at most once a key").toBe(effects.length);
  const noted = new Set(effects);
  const tops = [...runs.values()].filter(({ summary }) => summary.parent === undefined);
  for (const top of tops) checkTree(top, runs, noted);
  for (const id of heard("received", "repeated")) checkSignal(id, runs);
}, 240_000);

function checkTree({ summary: { id, outcome } }: StoredRun, runs: ReadonlyMap<string, StoredRun>, noted: Set<string>) {
  const keysOf = (kind: string) => [...noted].filter((line) => isOf(id, line.slice(kind.length + 1), kind, line));
  const did = keysOf("did").map((line) => line.slice("did ".length));
  const undid = keysOf("undid").map((line) => line.slice("undid ".length));
  expect(["succeeded", "degraded", "failed"], id).toContain(outcome);
  expect(did, `done by ${id}`).toHaveLength(effectsOfTree);
  // One that was lost before it did anything is undone as well: there was nothing to undo.
  const undone = undid.filter((key) => did.includes(key));
  expect(undone.toSorted(), `undone by ${id}`).toEqual(outcome === "failed" ? did.toSorted() : []);
  for (const [one, { summary }] of runs) {
    if (!one.startsWith(`${id}.`)) continue;
    expect(summary.outcome === "cancelled", one).toBe(outcome === "failed");
  }
}

function isOf(id: string, key: string, kind: string, line: string): boolean {
  return line.startsWith(`${kind} `) && (key.startsWith(`${id}:`) || key.startsWith(`${id}.`));
}

/** What was acknowledged is in the run's journal, and was taken once in one of its parts or came too late. */
function checkSignal(id: string, runs: ReadonlyMap<string, StoredRun>): void {
  const signal = `s-${id}`;
  const { plan, entries } = runs.get(id) as StoredRun;
  expect(entries, id).toContainEqual(expect.objectContaining({ kind: "signal.received", id: signal }));
  const all = [...runs].filter(([one]) => one.startsWith(`${id}.`)).flatMap(([, run]) => run.entries);
  const taken = all.filter((entry) => entry.kind === "signal.answered" && entry.id === signal);
  const state = fold(newState(plan), entries);
  const isLeft = state.signals.get("go")?.some((one) => one.id === signal) === true;
  expect([taken.length, state.handed.length], id).toEqual([isLeft ? 0 : 1, 0]);
}
