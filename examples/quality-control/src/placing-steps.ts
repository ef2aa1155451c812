// The flow's last part: the unit goes into its bin at the warehouse, and in stock it gets a label.
// Boundary: effects, their keys and how they are undone; HTTP and its errors are the client's.
// Invariants: an effect that surely did nothing says so (NotApplied); every other failure leaves it in doubt, and it is
// undone under the key that it was asked with, whether it had happened or not.
import { isNoRefusal, sayWhenNotApplied } from "@plumbline/example-local-services/not-applied.ts";
import type { Duration, FlowBuilder, Ref } from "plumbline";
import type { RegionClass } from "./classify.ts";
import { Label, Movement, moveUnit, printLabel, undoMovement, voidLabel } from "./inventory/client.ts";
import type { Bin } from "./inventory/stock-ledger.ts";

export interface Warehouse {
  readonly baseUrl: string;
  /** How long one call may take. */
  readonly timeout: Duration;
}

interface Placed {
  readonly unit: Ref<string>;
  readonly finding: Ref<RegionClass>;
}

/** The same key again is safe at this warehouse, so a lost answer is asked for a second time before anything is undone. */
const retry = { maxAttempts: 2, delay: "100ms", retryIf: isNoRefusal } as const;

export function moveInto(bin: Bin, $: FlowBuilder, { unit, finding }: Placed, { baseUrl, timeout }: Warehouse) {
  return $.step("move", {
    kind: "effect",
    needs: { unit, finding },
    output: Movement,
    timeout,
    retry,
    compensate: ({ key }, { signal }) => undoMovement(baseUrl, { idempotencyKey: key, signal }),
  }).by({
    name: `warehouse, ${bin}`,
    run: (needs, { idempotencyKey, signal }) =>
      moveUnit(baseUrl, { ...needs, bin }, { idempotencyKey, signal }).catch(sayWhenNotApplied),
  });
}

export function label($: FlowBuilder, unit: Ref<string>, movementId: Ref<string>, { baseUrl, timeout }: Warehouse) {
  return $.step("label", {
    kind: "effect",
    needs: { unit, movementId },
    output: Label,
    timeout,
    retry,
    compensate: ({ key }, { signal }) => voidLabel(baseUrl, { idempotencyKey: key, signal }),
  }).by({
    name: "label printer",
    run: (needs, { idempotencyKey, signal }) =>
      printLabel(baseUrl, needs, { idempotencyKey, signal }).catch(sayWhenNotApplied),
  });
}
