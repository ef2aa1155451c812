// The inventory service of the example: a process of its own with its own books, behind HTTP on loopback.
//   npx node examples/quality-control/src/inventory/server.ts --db FILE --port 0 [--until-stdin-closes]
// Boundary: HTTP to StockLedger and Labels, and the faults that can be switched on; prints one JSON line when it listens.
// Invariants: it answers "moved" only after the movement is on disk; `refuse` and `down` never move, the *-after-moving
// faults always have.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { z } from "zod";
import { Labels } from "./labels.ts";
import { BIN, FAULT, MOVEMENT_FAULT, type MovementRequest, StockLedger } from "./stock-ledger.ts";

const MovementBody = z.object({
  unit: z.string().min(1).max(200),
  bin: z.enum(BIN),
  finding: z.string().min(1),
}) satisfies z.ZodType<MovementRequest>;
const LabelBody = z.object({ unit: z.string().min(1), movementId: z.string().min(1) });
const UndoBody = z.object({ idempotencyKey: z.string().min(1) });
const FaultBody = z.object({
  unit: z.string().min(1),
  fault: z.enum(FAULT).nullable(),
  times: z.int().positive().optional(),
});

type Reply = { readonly status: number; readonly body: unknown } | "never";

interface Books {
  readonly ledger: StockLedger;
  readonly labels: Labels;
}

/** Serves the books on loopback; resolves when it listens. Port 0 takes a free one. */
async function serveBooks(books: Books, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(async (request, response) => {
    try {
      const reply = await replyTo(request, books);
      if (reply !== "never") send(response, reply.status, reply.body);
    } catch (error) {
      send(response, 500, { code: "internal", message: error instanceof Error ? error.message : String(error) });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function replyTo(request: IncomingMessage, books: Books): Promise<Reply> {
  const { ledger, labels } = books;
  const body = request.method === "POST" ? await readJson(request) : undefined;
  const header = request.headers["idempotency-key"];
  const key = typeof header === "string" ? header : "";
  switch (`${request.method} ${request.url}`) {
    case "POST /movements":
      return key === "" ? keyMissing : moveReply(ledger, key, MovementBody.safeParse(body));
    case "POST /labels":
      return key === "" ? keyMissing : labelReply(books, key, LabelBody.safeParse(body));
    case "POST /movements/undo": {
      const undo = UndoBody.safeParse(body);
      if (!undo.success) return badRequest(undo.error);
      if (ledger.takeFault("*", ["down"])) return down;
      return { status: 200, body: ledger.undo(undo.data.idempotencyKey, new Date().toISOString()) };
    }
    case "POST /labels/void": {
      const undo = UndoBody.safeParse(body);
      return undo.success ? { status: 200, body: labels.void(undo.data.idempotencyKey) } : badRequest(undo.error);
    }
    case "POST /faults": {
      const fault = FaultBody.safeParse(body);
      if (!fault.success) return badRequest(fault.error);
      ledger.setFault(fault.data.unit, fault.data.fault, fault.data.times);
      return { status: 200, body: fault.data };
    }
    case "GET /books":
      return { status: 200, body: { movements: ledger.rows(), counts: ledger.counts(), labels: labels.rows() } };
    default:
      return { status: 404, body: { code: "not-found", message: `nothing at ${request.method} ${request.url}` } };
  }
}

function moveReply(ledger: StockLedger, key: string, movement: z.ZodSafeParseResult<MovementRequest>): Reply {
  if (!movement.success) return badRequest(movement.error);
  const { unit, bin } = movement.data;
  const fault = ledger.takeFault(unit, MOVEMENT_FAULT);
  if (fault === "down") return down;
  if (fault === "refuse") return refusal(422, "refused", "the warehouse refuses this unit");
  const answer = ledger.move(key, movement.data, new Date().toISOString());
  switch (answer.kind) {
    case "key-undone":
      return refusal(410, answer.kind, `${key} was undone and moves nothing any more`);
    case "key-conflict":
      return refusal(409, answer.kind, `${key} has made another movement, ${answer.movementId}`);
    case "unit-elsewhere":
      return refusal(422, answer.kind, `${unit} lies in a bin already, by ${answer.movementId}`);
  }
  if (fault === "hang-after-moving") return "never";
  if (fault === "garbage-after-moving") return { status: 200, body: { ok: "banana", movement: ["%%%", null] } };
  const { movementId, movedAt } = answer;
  return { status: answer.kind === "moved" ? 201 : 200, body: { movementId, unit, bin, movedAt } };
}

function labelReply(
  { ledger, labels }: Books,
  key: string,
  label: z.ZodSafeParseResult<z.infer<typeof LabelBody>>,
): Reply {
  if (!label.success) return badRequest(label.error);
  const fault = ledger.takeFault(label.data.unit, ["down", "refuse-label"]);
  if (fault === "down") return down;
  if (fault === "refuse-label") return refusal(422, "refused", "the printer is out of labels");
  const labelId = labels.print(key, label.data);
  if (labelId === undefined) return refusal(410, "key-voided", `${key} was voided`);
  return { status: 201, body: { labelId, unit: label.data.unit } };
}

const down = refusal(503, "down", "the warehouse is down");
const keyMissing = refusal(400, "key-missing", "this needs an Idempotency-Key header");

function refusal(status: number, code: string, message: string): Exclude<Reply, "never"> {
  return { status, body: { code, message } };
}

function badRequest(error: z.ZodError): Reply {
  return refusal(400, "bad-request", z.prettifyError(error));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      db: { type: "string" },
      port: { type: "string", default: "0" },
      // For a parent that may be killed: its end closes the pipe, and the warehouse does not outlive it.
      "until-stdin-closes": { type: "boolean", default: false },
    },
  });
  if (values.db === undefined) {
    console.error("usage: server.ts --db FILE [--port N] [--until-stdin-closes]");
    process.exit(2);
  }
  const ledger = new StockLedger(values.db);
  const labels = new Labels(values.db);
  const { server, port } = await serveBooks({ ledger, labels }, Number(values.port));
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    server.close(() => {
      labels.close();
      ledger.close();
    });
    server.closeAllConnections();
    process.stdin.destroy();
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  if (values["until-stdin-closes"]) process.stdin.once("close", stop).once("end", stop).resume();
  console.log(JSON.stringify({ port, url: `http://127.0.0.1:${port}`, db: values.db }));
}
