/**
 * `sqlite(path)`: keeps journals in one SQLite file.
 *
 * Boundary: what users write to choose the store; the store itself is sqlite-store.ts, ownership is open-engine.ts's.
 * Invariant: naming a file opens nothing; only the owner of the file opens it.
 */
import type { Store } from "@plumbline/core";
import { SqliteStore } from "./sqlite-store.ts";
import type { StoreChoice } from "./store-choice.ts";

export interface SqliteOptions {
  /**
   * `full` (default): what was acknowledged survives the loss of power. `normal`: it survives the death of the process,
   * and the last commits may be lost with the power.
   */
  readonly durability?: "full" | "normal";
}

/**
 * A store in the file at `path`, which is made when it does not exist. One process owns it at a time; see
 * `openEngine({ onOwned })` for what the others do.
 */
export function sqlite(path: string, { durability = "full" }: SqliteOptions = {}): StoreChoice {
  return { file: path, open: (file): Promise<Store> => SqliteStore.open({ path: file ?? path, durability }) };
}
