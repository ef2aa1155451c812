// The core banking service of the example: a process of its own with its own books, behind HTTP on loopback.
//   npx node examples/loan-triage/src/core-banking/server.ts --db FILE --port 0 [--until-stdin-closes]
// Boundary: HTTP to LoanLedger and CustomerFiles, and the faults that can be switched on; prints one JSON line with its port when ready.
// Invariants: it answers "booked" only after the loan is on disk; `refuse` and `down` never book, the *-after-booking
// faults always have.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { z } from "zod";
import { answerJson, readJson } from "../json-over-http.ts";
import { CustomerFiles } from "./customer-files.ts";
import { BOOKING_FAULT, FAULT, LoanLedger, type LoanRequest } from "./loan-ledger.ts";

const LoanRequestBody = z.object({
  applicationId: z.string().min(1).max(200),
  applicant: z.string().min(1),
  idNumber: z.string().min(1),
  amount: z.number().positive(),
  durationMonths: z.int().positive(),
  interestPercent: z.number().nonnegative(),
  instalment: z.number().positive(),
}) satisfies z.ZodType<LoanRequest>;
const FileBody = z.object({ applicationId: z.string().min(1), loanId: z.string().min(1) });
const CancelBody = z.object({ idempotencyKey: z.string().min(1) });
const FaultBody = z.object({
  applicationId: z.string().min(1),
  fault: z.enum(FAULT).nullable(),
  times: z.int().positive().optional(),
});

type Reply = { readonly status: number; readonly body: unknown } | "never";

interface Books {
  readonly ledger: LoanLedger;
  readonly files: CustomerFiles;
}

/** Serves the books on loopback; resolves when it listens. Port 0 takes a free one. */
async function serveBooks(books: Books, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(async (request, response) => {
    try {
      const reply = await replyTo(request, books);
      if (reply !== "never") answerJson(response, reply.status, reply.body);
    } catch (error) {
      answerJson(response, 500, { code: "internal", message: error instanceof Error ? error.message : String(error) });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function replyTo(request: IncomingMessage, { ledger, files }: Books): Promise<Reply> {
  const body = request.method === "POST" ? await readJson(request) : undefined;
  switch (`${request.method} ${request.url}`) {
    case "POST /loans":
      return bookReply(ledger, request.headers["idempotency-key"], LoanRequestBody.safeParse(body));
    case "POST /loans/cancel": {
      const cancel = CancelBody.safeParse(body);
      if (!cancel.success) return badRequest(cancel.error);
      if (ledger.takeFault("*", ["down"])) return down;
      return { status: 200, body: ledger.cancel(cancel.data.idempotencyKey, new Date().toISOString()) };
    }
    case "POST /files":
      return fileReply(ledger, files, request.headers["idempotency-key"], FileBody.safeParse(body));
    case "POST /files/close": {
      const close = CancelBody.safeParse(body);
      return close.success ? { status: 200, body: files.close(close.data.idempotencyKey) } : badRequest(close.error);
    }
    case "GET /files":
      return { status: 200, body: { rows: files.rows() } };
    case "POST /faults": {
      const fault = FaultBody.safeParse(body);
      if (!fault.success) return badRequest(fault.error);
      ledger.setFault(fault.data.applicationId, fault.data.fault, fault.data.times);
      return { status: 200, body: fault.data };
    }
    case "GET /ledger":
      return { status: 200, body: { rows: ledger.rows() } };
    default:
      return { status: 404, body: { code: "not-found", message: `nothing at ${request.method} ${request.url}` } };
  }
}

function bookReply(
  ledger: LoanLedger,
  key: string | string[] | undefined,
  loan: z.ZodSafeParseResult<LoanRequest>,
): Reply {
  if (typeof key !== "string" || key === "") {
    return { status: 400, body: { code: "key-missing", message: "POST /loans needs an Idempotency-Key header" } };
  }
  if (!loan.success) return badRequest(loan.error);
  const fault = ledger.takeFault(loan.data.applicationId, BOOKING_FAULT);
  if (fault === "down") return down;
  if (fault === "refuse") return { status: 422, body: { code: "refused", message: "the bank refuses this loan" } };
  const answer = ledger.book(key, loan.data, new Date().toISOString());
  if (answer.kind === "key-cancelled") {
    return { status: 410, body: { code: answer.kind, message: `${key} was cancelled and books nothing any more` } };
  }
  if (answer.kind === "key-conflict") {
    return { status: 409, body: { code: answer.kind, message: `${key} has booked another loan, ${answer.loanId}` } };
  }
  if (fault === "hang-after-booking") return "never";
  if (fault === "garbage-after-booking") return { status: 200, body: { ok: "banana", loan: ["%%%", null] } };
  const { applicationId, amount } = loan.data;
  const { loanId, bookedAt } = answer;
  return { status: answer.kind === "booked" ? 201 : 200, body: { loanId, applicationId, amount, bookedAt } };
}

function fileReply(
  ledger: LoanLedger,
  files: CustomerFiles,
  key: string | string[] | undefined,
  loan: z.ZodSafeParseResult<z.infer<typeof FileBody>>,
): Reply {
  if (typeof key !== "string" || key === "") {
    return { status: 400, body: { code: "key-missing", message: "POST /files needs an Idempotency-Key header" } };
  }
  if (!loan.success) return badRequest(loan.error);
  const fault = ledger.takeFault(loan.data.applicationId, ["down", "refuse-file"]);
  if (fault === "down") return down;
  if (fault === "refuse-file") return { status: 422, body: { code: "refused", message: "no file for this customer" } };
  const fileId = files.open(key, loan.data);
  if (fileId === undefined) return { status: 410, body: { code: "key-closed", message: `${key} was closed` } };
  return { status: 201, body: { fileId, loanId: loan.data.loanId } };
}

const down: Reply = { status: 503, body: { code: "down", message: "the bank is down" } };

function badRequest(error: z.ZodError): Reply {
  return { status: 400, body: { code: "bad-request", message: z.prettifyError(error) } };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      db: { type: "string" },
      port: { type: "string", default: "0" },
      // For a parent that may be killed: its end closes the pipe, and the bank does not outlive it.
      "until-stdin-closes": { type: "boolean", default: false },
    },
  });
  if (values.db === undefined) {
    console.error("usage: server.ts --db FILE [--port N] [--until-stdin-closes]");
    process.exit(2);
  }
  const ledger = new LoanLedger(values.db);
  const files = new CustomerFiles(values.db);
  const { server, port } = await serveBooks({ ledger, files }, Number(values.port));
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    server.close(() => {
      files.end();
      ledger.close();
    });
    server.closeAllConnections();
    process.stdin.destroy();
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  if (values["until-stdin-closes"]) process.stdin.once("close", stop).once("end", stop).resume();
  console.log(JSON.stringify({ port, url: `http://127.0.0.1:${port}`, db: values.db }));
}
