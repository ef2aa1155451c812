/**
 * Node's own SQLite, found when the module runs and not when it is linked.
 *
 * Boundary: one name. Invariant: on a Node without `node:sqlite` the import of Plumbline gets as far as its own check of
 * the version, which says what is needed; a static import would end before it, with an error about a module.
 */
export const DatabaseSync: typeof import("node:sqlite").DatabaseSync =
  process.getBuiltinModule("node:sqlite").DatabaseSync;
export type DatabaseSync = import("node:sqlite").DatabaseSync;
