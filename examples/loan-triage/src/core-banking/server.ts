// The core banking service of the example: a process of its own with its own books, behind HTTP on loopback.
//   npx node examples/loan-triage/src/core-banking/server.ts --db FILE --port 0 [--until-stdin-closes]
// Boundary: HTTP to LoanLedger and CustomerFiles, and what its faults do; prints one JSON line with its port when ready.
// Invariants: it answers "booked" only after the loan is on disk; `refuse` and `down` never book, the *-after-booking
// faults always have.
import {
  acting,
  type Faults,
  ok,
  type Reply,
  refusal,
  runService,
  underFaults,
  undoing,
} from "@plumbline/example-local-services/books-service.ts";
import { z } from "zod";
import { CustomerFiles } from "./customer-files.ts";
import { FAULT, type Fault, LoanLedger, type LoanRequest } from "./loan-ledger.ts";

const LoanBody = z.object({
  applicationId: z.string().min(1).max(200),
  applicant: z.string().min(1),
  idNumber: z.string().min(1),
  amount: z.number().positive(),
  durationMonths: z.int().positive(),
  interestPercent: z.number().nonnegative(),
  instalment: z.number().positive(),
}) satisfies z.ZodType<LoanRequest>;
const FileBody = z.object({ applicationId: z.string().min(1), loanId: z.string().min(1) });

const down = { instead: refusal(503, "down", "the bank is down") };
const loanFaults: Faults<Fault> = {
  down,
  refuse: { instead: refusal(422, "refused", "the bank refuses this loan") },
  "hang-after-booking": { after: "never" },
  "garbage-after-booking": { after: ok({ ok: "banana", loan: ["%%%", null] }) },
};
const fileFaults: Faults<Fault> = {
  down,
  "refuse-file": { instead: refusal(422, "refused", "no file for this customer") },
};

await runService(FAULT, (file) => {
  const ledger = new LoanLedger(file);
  const files = new CustomerFiles(file);
  return {
    "POST /loans": acting(LoanBody, (key, loan) =>
      underFaults(file, loan.applicationId, loanFaults, () => bookReply(ledger, key, loan)),
    ),
    "POST /loans/cancel": undoing((key) =>
      underFaults(file, "*", { down }, () => ok(ledger.cancel(key, new Date().toISOString()))),
    ),
    "POST /files": acting(FileBody, (key, loan) =>
      underFaults(file, loan.applicationId, fileFaults, () => {
        const fileId = files.open(key, loan);
        if (fileId === undefined) return refusal(410, "key-closed", `${key} was closed`);
        return { status: 201, body: { fileId, loanId: loan.loanId } };
      }),
    ),
    "POST /files/close": undoing((key) => ok(files.close(key))),
    "GET /files": () => ok({ rows: files.rows() }),
    "GET /ledger": () => ok({ rows: ledger.rows() }),
  };
});

function bookReply(ledger: LoanLedger, key: string, loan: LoanRequest): Reply {
  const { applicationId, amount } = loan;
  const answer = ledger.book(key, loan, new Date().toISOString());
  switch (answer.kind) {
    case "key-cancelled":
      return refusal(410, answer.kind, `${key} was cancelled and books nothing any more`);
    case "key-conflict":
      return refusal(409, answer.kind, `${key} has booked another loan, ${answer.loanId}`);
  }
  const { loanId, bookedAt } = answer;
  return { status: answer.kind === "booked" ? 201 : 200, body: { loanId, applicationId, amount, bookedAt } };
}
