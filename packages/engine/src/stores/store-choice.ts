/**
 * What users choose when they say where journals are kept.
 *
 * Boundary: one type, so that stores and those who open them need not know each other.
 */
import type { Store } from "@plumbline/core";

/** Where journals are kept. Made by `sqlite` and `memory`. */
export interface StoreChoice {
  /** The file that one process owns at a time; absent where there is nothing to own. */
  readonly file?: string;
  /** Opens the store; called again when the store has failed. `file` is the real path. */
  readonly open: (file?: string) => Promise<Store>;
}
