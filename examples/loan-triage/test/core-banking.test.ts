// Goal: the bank, as a real process, books a key at most once whatever happens, and an undo holds for ever.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Booking,
  BookingInDoubt,
  bookLoan,
  cancelBooking,
  NotBooked,
  readLedger,
  setFault,
} from "../src/core-banking/client.ts";
import { type CoreBankingProcess, startCoreBanking } from "../src/core-banking/process.ts";
import { loadSamples } from "../src/samples.ts";

const folder = mkdtempSync(join(tmpdir(), "core-banking-"));
const db = join(folder, "ledger.db");
const fields = loadSamples()[0]?.fields;
if (fields === undefined) throw new Error("no samples");

let bank: CoreBankingProcess;
beforeAll(async () => {
  bank = await startCoreBanking({ db });
});
afterAll(async () => {
  await bank.stop();
  rmSync(folder, { recursive: true });
});

const book = (applicationId: string, options: { key?: string; amount?: number; signal?: AbortSignal } = {}) =>
  bookLoan(
    bank.baseUrl,
    { applicationId, fields: { ...fields, amount: options.amount ?? fields.amount } },
    { idempotencyKey: options.key ?? applicationId, signal: options.signal },
  );
const cancel = (idempotencyKey: string) => cancelBooking(bank.baseUrl, { idempotencyKey });
const rowsOf = async (key: string) =>
  (await readLedger(bank.baseUrl)).filter(({ idempotencyKey }) => idempotencyKey === key).map(({ kind }) => kind);

describe("booking", () => {
  test("the same key and loan give the same answer and one row in the ledger", async () => {
    const first = await book("once");
    expect(Booking.parse(first)).toMatchObject({ applicationId: "once", amount: fields.amount });
    expect(await book("once")).toEqual(first);
    expect(await rowsOf("once")).toEqual(["booked"]);
  });

  test("many at once with one key book one loan", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => book("rush")));
    expect(new Set(answers.map(({ loanId }) => loanId)).size).toBe(1);
    expect(await rowsOf("rush")).toEqual(["booked"]);
  });

  test("the same key with another loan is refused with 409 and stays in doubt: the key has booked something", async () => {
    await book("conflict");
    const again = book("conflict", { amount: 1 });
    await expect(again).rejects.toBeInstanceOf(BookingInDoubt);
    await expect(again).rejects.toThrow("409");
    expect(await rowsOf("conflict")).toEqual(["booked"]);
  });

  test("a request without key or with figures missing is refused before anything is booked", async () => {
    const before = (await readLedger(bank.baseUrl)).length;
    const withoutKey = await fetch(`${bank.baseUrl}/loans`, { method: "POST", body: "{}" });
    const headers = { "idempotency-key": "k" };
    const withoutFigures = await fetch(`${bank.baseUrl}/loans`, { method: "POST", headers, body: "{}" });
    expect([withoutKey.status, withoutFigures.status]).toEqual([400, 400]);
    expect(await readLedger(bank.baseUrl)).toHaveLength(before);
  });
});

describe("undoing", () => {
  test("a cancel undoes the loan, says the same when repeated, and the key books no more", async () => {
    const { loanId } = await book("undone");
    expect(await cancel("undone")).toEqual({ undone: "loan", loanId });
    expect(await cancel("undone")).toEqual({ undone: "loan", loanId });
    await expect(book("undone")).rejects.toBeInstanceOf(NotBooked);
    expect(await rowsOf("undone")).toEqual(["booked", "cancelled"]);
  });

  test("a cancel that comes before the booking is nothing to undo, and the late booking is refused", async () => {
    expect(await cancel("early")).toEqual({ undone: "nothing" });
    expect(await cancel("early")).toEqual({ undone: "nothing" });
    await expect(book("early")).rejects.toBeInstanceOf(NotBooked);
    expect(await rowsOf("early")).toEqual(["cancelled-nothing"]);
  });
});

describe("faults", () => {
  test("refuse: surely not booked", async () => {
    await setFault(bank.baseUrl, { applicationId: "refused", fault: "refuse" });
    await expect(book("refused")).rejects.toBeInstanceOf(NotBooked);
    expect(await rowsOf("refused")).toEqual([]);
  });

  test("down: in doubt, though nothing was booked; mended, the same key books", async () => {
    await setFault(bank.baseUrl, { applicationId: "down", fault: "down" });
    await expect(book("down")).rejects.toBeInstanceOf(BookingInDoubt);
    expect(await rowsOf("down")).toEqual([]);
    await setFault(bank.baseUrl, { applicationId: "down", fault: null });
    await book("down");
    expect(await rowsOf("down")).toEqual(["booked"]);
  });

  test("hang after booking: the caller's time runs out, the loan is there, the cancel undoes it", async () => {
    await setFault(bank.baseUrl, { applicationId: "hang", fault: "hang-after-booking" });
    await expect(book("hang", { signal: AbortSignal.timeout(300) })).rejects.toThrow("timeout");
    expect(await rowsOf("hang")).toEqual(["booked"]);
    expect(await cancel("hang")).toMatchObject({ undone: "loan" });
  });

  test("garbage after booking: in doubt; with one time only, the retry gets the loan that was booked", async () => {
    await setFault(bank.baseUrl, { applicationId: "garbage", fault: "garbage-after-booking", times: 1 });
    await expect(book("garbage")).rejects.toBeInstanceOf(BookingInDoubt);
    await book("garbage");
    expect(await rowsOf("garbage")).toEqual(["booked"]);
  });

  test("the whole bank down: neither books nor cancels; a fault that does not exist is refused", async () => {
    await setFault(bank.baseUrl, { applicationId: "*", fault: "down", times: 2 });
    await expect(book("anybody")).rejects.toBeInstanceOf(BookingInDoubt);
    await expect(cancel("anybody")).rejects.toThrow("503");
    expect(await cancel("anybody")).toEqual({ undone: "nothing" });
    await expect(setFault(bank.baseUrl, { applicationId: "x", fault: "on-fire" })).rejects.toThrow("no such fault");
  });
});

describe("the process", () => {
  test("killed and started again it knows every loan and every cancelled key", async () => {
    const { loanId } = await book("before-the-kill");
    await cancel("cancelled-before-the-kill");
    const rows = await readLedger(bank.baseUrl);
    await bank.kill();
    await expect(book("nobody-listens")).rejects.toBeInstanceOf(NotBooked);
    bank = await startCoreBanking({ db });
    expect(await readLedger(bank.baseUrl)).toEqual(rows);
    expect((await book("before-the-kill")).loanId).toBe(loanId);
    await expect(book("cancelled-before-the-kill")).rejects.toBeInstanceOf(NotBooked);
  });

  test("it ends when its parent's pipe closes", async () => {
    const orphan = await startCoreBanking({ db: join(folder, "other.db") });
    const ended = new Promise((resolve) => orphan.child.once("exit", resolve));
    orphan.child.stdin?.end();
    expect(await ended).toBe(0);
  });

  test("an abort before the request was sent is surely not booked", async () => {
    await expect(book("never-sent", { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(NotBooked);
  });
});
