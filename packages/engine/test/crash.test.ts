// Attacks durability with real processes: a worker is killed 30 times at random moments; then journal and ledger must agree.
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { folderOfFile } from "./fixtures/folder.ts";
import { type Aftermath, killAgainAndAgain } from "./fixtures/kills.ts";

const folder = folderOfFile();

it("rules 1-8: killed 30 times, every run ends, nothing acknowledged is lost, nothing recorded is done again", async () => {
  const after = await killAgainAndAgain({ fixture: "crash-child.ts", folder, kills: 30, mostMs: 220 });
  const { file, runs, effects, heard } = after;
  for (const id of heard("decided", "repeated")) {
    expect(runs.get(id)?.entries, `decided ${id}`).toContainEqual(
      expect.objectContaining({ kind: "approval.decided", via: "person", id: `d-${id}` }),
    );
  }
  expect(new Set(effects).size, "at most once a key").toBe(effects.length);
  checkEffects(after);
  checkChains(file);
}, 60_000);

function checkEffects({ runs, effects }: Aftermath): void {
  const noted = new Set(effects);
  for (const [id, { summary }] of runs) {
    const booked = noted.has(`book ${id}:book:0`);
    const undone = noted.has(`undo ${id}:book:0`);
    const shipped = noted.has(`ship ${id}:ship:0`);
    if (summary.outcome === "failed")
      expect({ id, booked, undone, shipped }).toEqual({ id, booked: true, undone: true, shipped: false });
    else expect({ id, booked, undone, shipped }).toEqual({ id, booked: true, undone: false, shipped: true });
  }
}

function checkChains(file: string): void {
  const db = new DatabaseSync(file, { readOnly: true });
  const heads = new Map<unknown, string>();
  for (const { run, body, head } of db.prepare("SELECT run, body, head FROM links ORDER BY link").iterate()) {
    const next = createHash("sha256")
      .update((heads.get(run) ?? "") + String(body))
      .digest("base64url");
    expect(head, "rule 26").toBe(next);
    heads.set(run, next);
  }
  db.close();
}
