/**
 * `memory()`: keeps journals in this process's memory.
 *
 * Boundary: what users write to choose the store; the store itself is memory-store.ts.
 */
import { demandOptions, invalid, optionsOf } from "@plumbline/core";
import { type MemoryOptions, MemoryStore } from "./memory-store.ts";
import type { StoreChoice } from "./store-choice.ts";

const memoryOptions = optionsOf<MemoryOptions>({ keep: true });

/**
 * A store in this process's memory. The same store is opened again after a failure, so nothing is lost within a process. Runs
 * that go on are all kept, of those that have ended the newest 1,000 (`keep`). A forgotten run is not listed and not found
 * any more; whoever has its handle still reads its result, unless the handle was made later, with its key: a key that was used
 * starts nothing again, and such a result is `run-forgotten`. So it is with the newest 100,000 keys.
 * @throws PlumblineError `option-invalid`
 */
export function memory(options: MemoryOptions = {}): StoreChoice {
  demandOptions("memory", options, memoryOptions);
  const { keep } = options;
  if (keep !== undefined && !(Number.isInteger(keep) && keep >= 0)) {
    throw invalid("memory.keep", "a whole number of runs, from 0", keep);
  }
  const store = new MemoryStore(options);
  return { open: async () => store };
}
