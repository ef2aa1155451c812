// Talks to the inventory service: put a unit into a bin, print its label, and undo both.
// Boundary: typed answers out, NotDone or InDoubt when there is none; how a service is asked is service-client.ts; no
// retries (the flow decides those). Invariant: an answer about another unit or bin is none.
import {
  type CallOptions,
  ServiceClient,
  type SwitchedFault,
  switchFault,
} from "@plumbline/example-local-services/service-client.ts";
import { z } from "zod";
import type { LabelRow } from "./labels.ts";
import { BIN, type Bin, type LedgerRow, type MovementRequest } from "./stock-ledger.ts";

export const Movement = z.object({
  movementId: z.string().regex(/^M-\d{6,}$/),
  unit: z.string(),
  bin: z.enum(BIN),
  movedAt: z.iso.datetime(),
});
export type Movement = z.infer<typeof Movement>;

export const Label = z.object({ labelId: z.string().regex(/^L-\d{6,}$/), unit: z.string() });
export type Label = z.infer<typeof Label>;

/** What an undo did: `nothing` when the key had moved nothing, which is as good. */
const Undone = z.discriminatedUnion("undone", [
  z.object({ undone: z.literal("movement"), movementId: z.string() }),
  z.object({ undone: z.literal("nothing") }),
]);
export type Undone = z.infer<typeof Undone>;

const warehouse = new ServiceClient({ service: "the warehouse" });

/** Puts a unit into a bin. The same key and movement give the same answer however often it is asked. */
export function moveUnit(baseUrl: string, request: MovementRequest, options: CallOptions): Promise<Movement> {
  const itsMovement = Movement.extend({ unit: z.literal(request.unit), bin: z.literal(request.bin) });
  return warehouse.post(`${baseUrl}/movements`, request, itsMovement, options);
}

/** Takes out again whatever the key put in, and keeps it from moving later. Safe to repeat, and when nothing was moved. */
export function undoMovement(baseUrl: string, options: CallOptions): Promise<Undone> {
  return warehouse.undo(`${baseUrl}/movements/undo`, Undone, options);
}

export function printLabel(
  baseUrl: string,
  request: { readonly unit: string; readonly movementId: string },
  options: CallOptions,
): Promise<Label> {
  return warehouse.post(`${baseUrl}/labels`, request, Label, options);
}

export async function voidLabel(baseUrl: string, options: CallOptions): Promise<void> {
  await warehouse.undo(`${baseUrl}/labels/void`, z.unknown(), options);
}

export interface Books {
  /** Everything that ever happened, the oldest first. */
  readonly movements: readonly LedgerRow[];
  /** What lies in each bin now. */
  readonly counts: Readonly<Record<Bin, number>>;
  readonly labels: readonly LabelRow[];
}

export async function readBooks(baseUrl: string): Promise<Books> {
  return (await (await fetch(`${baseUrl}/books`)).json()) as Books;
}

/** Switches a fault on (or off with null) for one unit, "*" for all. For the example and tests. */
export function setFault(
  baseUrl: string,
  { unit, ...fault }: SwitchedFault & { readonly unit: string },
): Promise<void> {
  return switchFault(baseUrl, unit, fault);
}
