/** The engine room's door. */
export { type Clock, systemClock, type Timer } from "./clock.ts";
export { connectEngine } from "./connect-engine.ts";
export { EmbeddedEngine } from "./embedded-engine.ts";
export type { OnWarning, Warning } from "./engine-events.ts";
export { openJournals } from "./file-journals.ts";
export { memory } from "./memory.ts";
export { MemoryStore } from "./memory-store.ts";
export { type EngineOptions, type OnOwned, openEngine } from "./open-engine.ts";
export { run } from "./run.ts";
export { type SqliteOptions, sqlite } from "./sqlite.ts";
export { SqliteStore } from "./sqlite-store.ts";
export type { StoreChoice } from "./store-choice.ts";
