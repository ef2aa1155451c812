// Goal: a key opens at most one customer file, whatever is repeated, and what was closed stays closed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setFault } from "../src/core-banking/client.ts";
import { closeCustomerFile, NotOpened, openCustomerFile, readFiles } from "../src/core-banking/file-client.ts";
import { type CoreBankingProcess, startCoreBanking } from "../src/core-banking/process.ts";

const folder = mkdtempSync(join(tmpdir(), "customer-files-"));
let bank: CoreBankingProcess;
beforeAll(async () => {
  bank = await startCoreBanking({ db: join(folder, "bank.db") });
});
afterAll(async () => {
  await bank.stop();
  rmSync(folder, { recursive: true });
});

const loan = (applicationId: string) => ({ applicationId, loanId: "L-000007" });
const open = (key: string) => openCustomerFile(bank.baseUrl, loan(key), { idempotencyKey: key });
const close = (key: string) => closeCustomerFile(bank.baseUrl, { idempotencyKey: key });
const filesOf = async (key: string) => (await readFiles(bank.baseUrl)).filter((file) => file.idempotencyKey === key);

test("many at once with one key open one file", async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => open("rush")));
  expect(new Set(answers.map(({ fileId }) => fileId))).toEqual(new Set(["F-000007"]));
  expect(await filesOf("rush")).toMatchObject([{ open: true, applicationId: "rush" }]);
});

test("a closed key opens nothing any more, also when the close came first", async () => {
  await open("opened");
  await close("opened");
  await close("opened");
  await close("early");
  for (const key of ["opened", "early"]) {
    await expect(open(key)).rejects.toBeInstanceOf(NotOpened);
    expect(await filesOf(key)).toMatchObject([{ open: false }]);
  }
});

test("the fault of a file leaves bookings alone and opens nothing", async () => {
  await setFault(bank.baseUrl, { applicationId: "unwanted", fault: "refuse-file" });
  await expect(open("unwanted")).rejects.toMatchObject({ code: "not-opened", refused: true });
  expect(await filesOf("unwanted")).toEqual([]);
});
