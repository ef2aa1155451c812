// Goal: the warehouse, as a real process, moves a unit at most once whatever happens, and an undo holds for ever.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InDoubt, NotDone } from "@plumbline/example-local-services/service-client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moveUnit, printLabel, readBooks, setFault, undoMovement, voidLabel } from "../src/inventory/client.ts";
import { type InventoryProcess, startInventory } from "../src/inventory/process.ts";
import type { Bin } from "../src/inventory/stock-ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "inventory-"));
const db = join(folder, "inventory.db");
let warehouse: InventoryProcess;
beforeAll(async () => {
  warehouse = await startInventory({ db });
});
afterAll(async () => {
  await warehouse.stop();
  rmSync(folder, { recursive: true });
});

const move = (unit: string, options: { key?: string; bin?: Bin; signal?: AbortSignal } = {}) =>
  moveUnit(
    warehouse.baseUrl,
    { unit, bin: options.bin ?? "stock", finding: "none" },
    { idempotencyKey: options.key ?? unit, signal: options.signal },
  );
const undo = (idempotencyKey: string) => undoMovement(warehouse.baseUrl, { idempotencyKey });
const movementsOf = async (unit: string) =>
  (await readBooks(warehouse.baseUrl)).movements.filter((row) => row.unit === unit).map(({ kind }) => kind);

describe("moving", () => {
  test("many at once with one key move the unit once, with one answer", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => move("rush")));
    expect(new Set(answers.map(({ movementId }) => movementId)).size).toBe(1);
    expect(await movementsOf("rush")).toEqual(["moved"]);
  });

  test("a unit lies in one bin: another key cannot move it again, before it is undone", async () => {
    await move("one-bin");
    await expect(move("one-bin", { key: "other", bin: "scrap" })).rejects.toMatchObject({ code: "not-done" });
    await undo("one-bin");
    expect(await move("one-bin", { key: "third", bin: "scrap" })).toMatchObject({ bin: "scrap" });
  });

  test("the same key with another movement stays in doubt: the key has moved something", async () => {
    await move("conflict");
    await expect(move("conflict", { bin: "scrap" })).rejects.toBeInstanceOf(InDoubt);
  });

  test("the counts are what lies in the bins", async () => {
    const before = (await readBooks(warehouse.baseUrl)).counts;
    await move("counted-1");
    await move("counted-2", { bin: "scrap" });
    await move("counted-3");
    await undo("counted-3");
    expect((await readBooks(warehouse.baseUrl)).counts).toEqual({ stock: before.stock + 1, scrap: before.scrap + 1 });
  });

  test("a request without key or unit moves nothing", async () => {
    const before = (await readBooks(warehouse.baseUrl)).movements.length;
    const post = (headers: Record<string, string>) =>
      fetch(`${warehouse.baseUrl}/movements`, { method: "POST", body: "{}", headers });
    expect([(await post({})).status, (await post({ "idempotency-key": "k" })).status]).toEqual([400, 400]);
    expect((await readBooks(warehouse.baseUrl)).movements).toHaveLength(before);
  });
});

describe("undoing", () => {
  test("an undo says the same when repeated, and the key moves no more", async () => {
    const { movementId } = await move("undone");
    expect(await undo("undone")).toEqual({ undone: "movement", movementId });
    expect(await undo("undone")).toEqual({ undone: "movement", movementId });
    await expect(move("undone")).rejects.toBeInstanceOf(NotDone);
    expect(await movementsOf("undone")).toEqual(["moved", "undone"]);
  });

  test("an undo that comes before the movement keeps it from happening", async () => {
    expect(await undo("overtaken")).toEqual({ undone: "nothing" });
    await expect(move("overtaken")).rejects.toBeInstanceOf(NotDone);
    expect(await movementsOf("overtaken")).toEqual([]);
  });
});

describe("faults", () => {
  test.each([
    ["refuse", NotDone, []],
    ["down", InDoubt, []],
    ["garbage-after-moving", InDoubt, ["moved"]],
  ] as const)("%s", async (fault, error, movements) => {
    await setFault(warehouse.baseUrl, { unit: fault, fault, times: 1 });
    await expect(move(fault)).rejects.toBeInstanceOf(error);
    expect(await movementsOf(fault)).toEqual(movements);
    expect(await move(fault)).toMatchObject({ unit: fault });
    expect(await movementsOf(fault)).toEqual(["moved"]);
  });

  test("an answer that never comes has moved the unit; asked again under the same key it says so", async () => {
    await setFault(warehouse.baseUrl, { unit: "hangs", fault: "hang-after-moving", times: 1 });
    await expect(move("hangs", { signal: AbortSignal.timeout(200) })).rejects.toThrow("timeout");
    expect(await movementsOf("hangs")).toEqual(["moved"]);
    await move("hangs");
    expect(await movementsOf("hangs")).toEqual(["moved"]);
  });

  test("aborted before it was asked, it surely did nothing", async () => {
    await expect(move("aborted", { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(NotDone);
    expect(await movementsOf("aborted")).toEqual([]);
  });
});

test("a label is printed once, voided for ever, and refused without one when the printer is out of labels", async () => {
  const { movementId } = await move("labelled");
  const print = (idempotencyKey: string) =>
    printLabel(warehouse.baseUrl, { unit: "labelled", movementId }, { idempotencyKey });
  expect(await print("label")).toEqual(await print("label"));
  await voidLabel(warehouse.baseUrl, { idempotencyKey: "label" });
  await expect(print("label")).rejects.toBeInstanceOf(NotDone);
  await setFault(warehouse.baseUrl, { unit: "labelled", fault: "refuse-label", times: 1 });
  await expect(print("another")).rejects.toThrow("out of labels");
  const { labels } = await readBooks(warehouse.baseUrl);
  expect(labels.filter(({ unit }) => unit === "labelled")).toMatchObject([{ idempotencyKey: "label", valid: false }]);
});

test("what it answered has survived when the process is killed", async () => {
  const { movementId } = await move("killed");
  await warehouse.kill();
  warehouse = await startInventory({ db });
  expect(await move("killed")).toMatchObject({ movementId });
  expect(await movementsOf("killed")).toEqual(["moved"]);
});

test("a warehouse that nobody started surely did nothing", async () => {
  const gone = await startInventory({ db: join(folder, "gone.db") });
  await gone.stop();
  const request = { unit: "nobody", bin: "stock", finding: "none" } as const;
  await expect(moveUnit(gone.baseUrl, request, { idempotencyKey: "nobody" })).rejects.toMatchObject({ refused: false });
});
