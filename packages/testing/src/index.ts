/** Tools for testing the house: time, chance, and a simulator of the pure core. */
export * from "./described-flow.ts";
export * from "./faulty-store.ts";
export * from "./flow-generator.ts";
export * from "./seeded.ts";
export * from "./shrink.ts";
export * from "./simulation.ts";
export { Journal } from "./store-journal.ts";
export * from "./store-suite.ts";
export * from "./virtual-clock.ts";
