// The inventory service of the example: a process of its own with its own books, behind HTTP on loopback.
//   npx node examples/quality-control/src/inventory/server.ts --db FILE --port 0 [--until-stdin-closes]
// Boundary: HTTP to StockLedger and Labels, and what its faults do; prints one JSON line when it listens.
// Invariants: it answers "moved" only after the movement is on disk; `refuse` and `down` never move, the *-after-moving
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
import { Labels } from "./labels.ts";
import { BIN, FAULT, type Fault, type MovementRequest, StockLedger } from "./stock-ledger.ts";

const MovementBody = z.object({
  unit: z.string().min(1).max(200),
  bin: z.enum(BIN),
  finding: z.string().min(1),
}) satisfies z.ZodType<MovementRequest>;
const LabelBody = z.object({ unit: z.string().min(1), movementId: z.string().min(1) });

const down = { instead: refusal(503, "down", "the warehouse is down") };
const movementFaults: Faults<Fault> = {
  down,
  refuse: { instead: refusal(422, "refused", "the warehouse refuses this unit") },
  "hang-after-moving": { after: "never" },
  "garbage-after-moving": { after: ok({ ok: "banana", movement: ["%%%", null] }) },
};
const labelFaults: Faults<Fault> = {
  down,
  "refuse-label": { instead: refusal(422, "refused", "the printer is out of labels") },
};

await runService(FAULT, (file) => {
  const ledger = new StockLedger(file);
  const labels = new Labels(file);
  return {
    "POST /movements": acting(MovementBody, (key, movement) =>
      underFaults(file, movement.unit, movementFaults, () => moveReply(ledger, key, movement)),
    ),
    "POST /movements/undo": undoing((key) =>
      underFaults(file, "*", { down }, () => ok(ledger.undo(key, new Date().toISOString()))),
    ),
    "POST /labels": acting(LabelBody, (key, label) =>
      underFaults(file, label.unit, labelFaults, () => {
        const labelId = labels.print(key, label);
        if (labelId === undefined) return refusal(410, "key-voided", `${key} was voided`);
        return { status: 201, body: { labelId, unit: label.unit } };
      }),
    ),
    "POST /labels/void": undoing((key) => ok(labels.void(key))),
    "GET /books": () => ok({ movements: ledger.rows(), counts: ledger.counts(), labels: labels.rows() }),
  };
});

function moveReply(ledger: StockLedger, key: string, movement: MovementRequest): Reply {
  const { unit, bin } = movement;
  const answer = ledger.move(key, movement, new Date().toISOString());
  switch (answer.kind) {
    case "key-undone":
      return refusal(410, answer.kind, `${key} was undone and moves nothing any more`);
    case "key-conflict":
      return refusal(409, answer.kind, `${key} has made another movement, ${answer.movementId}`);
    case "unit-elsewhere":
      return refusal(422, answer.kind, `${unit} lies in a bin already, by ${answer.movementId}`);
  }
  const { movementId, movedAt } = answer;
  return { status: answer.kind === "moved" ? 201 : 200, body: { movementId, unit, bin, movedAt } };
}
