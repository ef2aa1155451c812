/**
 * Commit items as they cross to the writer: encoded already, and in columns.
 *
 * Boundary: from commit items to plain arrays; rows are written by sqlite-writer.ts. Invariants: everything is encoded and
 * checked here, before it joins a batch, so that one bad item cannot fail its neighbours (rule 4); what has not changed
 * of a run's row is not written again; one array of texts or numbers crosses a thread several times faster than as many
 * objects (docs/decisions/0002).
 */
import type { CommitItem, Plan, Register, RunSummary } from "@plumbline/core";
import { encodeEntries } from "./entry-encoding.ts";
import { outcomes, statuses } from "./sqlite-schema.ts";

export interface WriteBatch {
  /** One of each for every item: the run, its entries as text, their number after the item, the instant of the last. */
  readonly ids: readonly string[];
  readonly bodies: readonly string[];
  readonly lengths: readonly number[];
  readonly ats: readonly number[];
  readonly rows: RowColumns;
  readonly firsts: FirstColumns;
  /** Those that this writer has not been given before, in the order of their numbers. */
  readonly plans: readonly NewPlan[];
  /** What only few items have, with their indices, which rise. */
  readonly more: readonly (readonly [item: number, more: WriteMore])[];
}

/** What lists show of a run and what changes while it goes on: of the items in which it has. */
export interface RowColumns {
  /** Indices of the items, which rise. */
  readonly items: readonly number[];
  readonly status: readonly number[];
  readonly outcome: readonly (number | null)[];
  readonly degraded: readonly number[];
  readonly dueAt: readonly (number | null)[];
  readonly usd: readonly number[];
  readonly tokens: readonly number[];
  readonly waits: readonly (string | null)[];
}

/** What is written of a run once. Each of these items has a row as well. */
export interface FirstColumns {
  readonly items: readonly number[];
  /** How many plans this writer had been given before this one. */
  readonly plan: readonly number[];
  readonly startedAt: readonly number[];
  readonly inputHash: readonly string[];
  /** Runs with a key or a parent may be there already; ids of others cannot collide. */
  readonly key: readonly (string | null)[];
  readonly parent: readonly (string | null)[];
}

export interface NewPlan {
  readonly fingerprint: string;
  readonly flow: string;
  readonly body: string;
}

export interface WriteMore {
  /** Desks that the run waits for, when they have changed. */
  readonly desks?: readonly string[];
  readonly registers?: readonly Register[];
  readonly blobs?: readonly { readonly id: string; readonly bytes: Uint8Array }[];
}

type Open<T> = { readonly [Field in keyof T]: T[Field] extends readonly (infer Item)[] ? Item[] : Open<T[Field]> };

/** Makes batches for one writer: knows which plans it has. */
export class BatchMaker {
  private readonly plans = new Map<string, number>();

  batchOf(items: readonly CommitItem[]): WriteBatch {
    const batch: Open<WriteBatch> = {
      ids: [],
      bodies: [],
      lengths: [],
      ats: [],
      rows: { items: [], status: [], outcome: [], degraded: [], dueAt: [], usd: [], tokens: [], waits: [] },
      firsts: { items: [], plan: [], startedAt: [], inputHash: [], key: [], parent: [] },
      plans: [],
      more: [],
    };
    for (let index = 0; index < items.length; index++) this.add(batch, index, items[index] as CommitItem);
    return batch;
  }

  private add(batch: Open<WriteBatch>, index: number, item: CommitItem): void {
    const { summary, before, claim, registers, blobs } = item;
    batch.ids.push(summary.id);
    batch.bodies.push(encodeEntries(item.entries));
    batch.lengths.push(summary.length);
    batch.ats.push(summary.updatedAt);
    if (before === undefined || !isSameRow(before, summary)) addRow(batch.rows, index, summary);
    if (claim) this.addFirst(batch, index, summary, claim.inputHash, item.plan as Plan);
    const waitsChanged = before ? !isSameWaits(before.waits, summary.waits) : !claim || summary.waits.length > 0;
    if (!waitsChanged && !registers && !blobs) return;
    const desks = waitsChanged ? { desks: desksOf(summary) } : {};
    batch.more.push([index, { ...desks, ...(registers ? { registers } : {}), ...(blobs ? { blobs } : {}) }]);
  }

  private addFirst(
    { firsts, plans }: Open<WriteBatch>,
    index: number,
    { fingerprint, flow, startedAt, key, parent }: RunSummary,
    inputHash: string,
    plan: Plan,
  ): void {
    let number = this.plans.get(fingerprint);
    if (number === undefined) {
      number = this.plans.size;
      this.plans.set(fingerprint, number);
      plans.push({ fingerprint, flow, body: JSON.stringify(plan) });
    }
    firsts.items.push(index);
    firsts.plan.push(number);
    firsts.startedAt.push(startedAt);
    firsts.inputHash.push(inputHash);
    firsts.key.push(key ?? null);
    firsts.parent.push(parent ?? null);
  }
}

function addRow(rows: Open<RowColumns>, index: number, summary: RunSummary): void {
  rows.items.push(index);
  rows.status.push(statuses.indexOf(summary.status));
  rows.outcome.push(summary.outcome === undefined ? null : outcomes.indexOf(summary.outcome));
  rows.degraded.push(summary.degraded ? 1 : 0);
  rows.dueAt.push(summary.dueAt ?? null);
  rows.usd.push(summary.usd);
  rows.tokens.push(summary.tokens);
  rows.waits.push(summary.waits.length > 0 ? JSON.stringify(summary.waits) : null);
}

/** True when lists show the same of both. */
function isSameRow(a: RunSummary, b: RunSummary): boolean {
  return (
    a.status === b.status &&
    a.outcome === b.outcome &&
    a.degraded === b.degraded &&
    a.dueAt === b.dueAt &&
    a.usd === b.usd &&
    a.tokens === b.tokens &&
    isSameWaits(a.waits, b.waits)
  );
}

function isSameWaits(a: RunSummary["waits"], b: RunSummary["waits"]): boolean {
  return a === b || (a.length === b.length && JSON.stringify(a) === JSON.stringify(b));
}

/** Desks that it waits for: a signal is no desk's. */
function desksOf({ waits }: RunSummary): string[] {
  return [...new Set(waits.flatMap(({ kind, desk }) => (kind === "approval" ? [desk] : [])))];
}
