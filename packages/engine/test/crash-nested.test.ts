// Attacks nested scopes with real processes: a worker is killed 25 times at random moments; journals and ledger must agree.
import { fold, newState, type StoredRun } from "@plumbline/core";
import { expect, it } from "vitest";
import { folderOfFile } from "./fixtures/folder.ts";
import { killAgainAndAgain } from "./fixtures/kills.ts";
import { standing } from "./fixtures/nested-flow.ts";

const folder = folderOfFile();

it("rules 1-10: killed 25 times, every run ends, what was recorded is not done again, what failed is undone", async () => {
  const { runs, effects, heard } = await killAgainAndAgain({
    fixture: "nested-child.ts",
    folder,
    kills: 25,
    mostMs: 250,
  });
  for (const id of heard("received", "repeated")) {
    expect(runs.get(id)?.entries, `signalled ${id}`).toContainEqual(
      expect.objectContaining({ kind: "signal.received", id: `s-${id}` }),
    );
  }
  expect(new Set(effects).size, "at most once a key").toBe(effects.length);
  const tops = [...runs.values()].filter(({ summary }) => summary.flow === "nested");
  for (const run of tops) checkEffects(run, runs, new Set(effects));
  // Nobody did anything for a run that there is not.
  const keys = effects.map((one) => one.split(" ")[1]?.split(":")[0] as string);
  for (const id of keys) expect(runs.has(id), `the run of ${id}`).toBe(true);
}, 120_000);

function checkEffects(run: StoredRun, runs: ReadonlyMap<string, StoredRun>, noted: ReadonlySet<string>): void {
  const { id, outcome } = run.summary;
  const state = fold(newState(run.plan), run.entries);
  const trip = state.slots.find(({ node }) => node.kind === "call")?.call as string;
  const fail = outcome === "failed";
  expect(["failed", "degraded"], id).toContain(outcome);
  expect(runs.get(trip)?.summary.outcome, trip).toBe(fail ? "cancelled" : "succeeded");
  const { did, undid } = standing(id, trip, fail);
  const all = standing(id, trip, false).did;
  expect(all.filter((key) => noted.has(`did ${key}`)).toSorted(), `done by ${id}`).toEqual(did.toSorted());
  const undone = all.filter((key) => noted.has(`did ${key}`) && noted.has(`undid ${key}`));
  expect(undone.toSorted(), `undone by ${id}`).toEqual(undid.toSorted());
}
