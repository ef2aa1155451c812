/**
 * `sqlite(path)`: keeps journals in one SQLite file.
 *
 * Boundary: what users write to choose the store; the store itself is sqlite-store.ts, ownership is open-engine.ts's.
 * Invariant: naming a file opens nothing; only the owner of the file opens it.
 */
import { aText, demandOptions, demandValues, invalid, oneOf, optionsOf, type Store } from "@plumbline/core";
import { SqliteStore } from "./sqlite-store.ts";
import type { StoreChoice } from "./store-choice.ts";

export interface SqliteOptions {
  /**
   * `full` (default): what was acknowledged survives the loss of power. `normal`: it survives the death of the process,
   * and the last commits may be lost with the power.
   */
  readonly durability?: "full" | "normal";
}

const sqliteOptions = optionsOf<SqliteOptions>({ durability: true });

/**
 * A store in the file at `path`, which is made when it does not exist. One process owns it at a time; see
 * `openEngine({ onOwned })` for what the others do.
 * @throws PlumblineError `option-invalid`
 */
export function sqlite(path: string, options: SqliteOptions = {}): StoreChoice {
  if (path === undefined) throw invalid("sqlite.path", 'the path of a file: sqlite("plumbline.db")', path);
  aText("sqlite.path", path);
  demandOptions("sqlite", options, sqliteOptions);
  demandValues("sqlite", options, { durability: oneOf("full", "normal") });
  const { durability = "full" } = options;
  return { file: path, open: (file): Promise<Store> => SqliteStore.open({ path: file ?? path, durability }) };
}
