/** The engine room's door. */
export { type Clock, systemClock, type Timer } from "./clock.ts";
export { EmbeddedEngine } from "./embedded-engine.ts";
export type { OnWarning, Warning } from "./engine-events.ts";
export { type EngineOptions, type OnOwned, openEngine } from "./open-engine.ts";
export { connectEngine } from "./processes/connect-engine.ts";
export { run, runStep } from "./run.ts";
export { openJournals } from "./stores/file-journals.ts";
export { memory } from "./stores/memory.ts";
export { type MemoryOptions, MemoryStore } from "./stores/memory-store.ts";
export { type SqliteOptions, sqlite } from "./stores/sqlite.ts";
export { SqliteStore } from "./stores/sqlite-store.ts";
export type { StoreChoice } from "./stores/store-choice.ts";
