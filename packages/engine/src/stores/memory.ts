/**
 * `memory()`: keeps journals in this process's memory.
 *
 * Boundary: what users write to choose the store; the store itself is memory-store.ts.
 */
import { MemoryStore } from "./memory-store.ts";
import type { StoreChoice } from "./store-choice.ts";

/** A store in this process's memory. The same store is opened again after a failure, so nothing is lost within a process. */
export function memory(): StoreChoice {
  const store = new MemoryStore();
  return { open: async () => store };
}
