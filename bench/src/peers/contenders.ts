/**
 * Who is measured: ours in both durability classes, and the peers, each as its documents advise.
 *
 * Boundary: names, options and words; the engines' modules are in peers/. Invariant: a contender says which durability it has,
 * and is set against ours of the same class only.
 */
export interface Contender {
  readonly name: string;
  /** The file in peers/ that opens it. */
  readonly module: string;
  readonly options: object;
  readonly durability: "full" | "normal";
  /** What one must know to read its figures. */
  readonly note: string;
  /** With more at once it does not end in reasonable time. */
  readonly mostClients?: number;
  /** Its native module may be built for another Node than ours. */
  readonly native?: string;
}

export const contenders: readonly Contender[] = [
  {
    name: "plumbline-full",
    module: "plumbline",
    options: { durability: "full" },
    durability: "full",
    note: "the default; node:sqlite, WAL, synchronous FULL, contracts on",
  },
  {
    name: "plumbline-normal",
    module: "plumbline",
    options: { durability: "normal" },
    durability: "normal",
    note: "the same with synchronous NORMAL",
  },
  {
    name: "openworkflow",
    module: "openworkflow",
    options: { concurrency: 100 },
    durability: "full",
    note: "as its quick start has it; node:sqlite, WAL, FULL; the worker polls every 0.1 to 1 s and result() every second",
  },
  {
    name: "openworkflow-driven",
    module: "openworkflow",
    options: { driven: true, concurrency: 10 },
    durability: "full",
    note: "without its polling: worker.tick() in a loop, the end heard of by wrapping the backend; no user has this",
  },
  {
    name: "langgraph",
    module: "langgraph",
    options: {},
    durability: "normal",
    note: 'SQLite checkpointer, durability "async" (its default); better-sqlite3, WAL, NORMAL; nothing resumes a run but its caller',
    native: "better-sqlite3",
  },
  {
    name: "mastra",
    module: "mastra",
    options: {},
    durability: "normal",
    note: "LibSQL on a file, WAL, NORMAL as its store sets it; validates the steps' schemas as we do",
  },
  {
    name: "dbos",
    module: "dbos",
    options: {},
    durability: "full",
    note: "Postgres 18 of its own beside it, fsync and synchronous_commit on, a pool as by default; workflows are called as plain functions; memory is with Postgres, disk is the database without its log, cold start is with initdb",
  },
  {
    name: "restate",
    module: "restate",
    options: {},
    durability: "full",
    note: "its server of one node beside it, which syncs; each request is HTTP to the server, and the server calls the service by HTTP; memory is with the server, disk is what its folder grew by",
  },
  {
    name: "effect",
    module: "effect",
    options: {},
    durability: "normal",
    note: "a cluster of one runner on SQLite; better-sqlite3, WAL, NORMAL; shards and polling as by default; schemas on, Schema.Any for the carried value",
    native: "better-sqlite3",
  },
  {
    name: "vercel",
    module: "vercel",
    options: {},
    durability: "normal",
    note: "its local world, which is for development: JSON files written and renamed without a sync, a queue in memory, handlers called in process; returnValue asks once a second; at 1,000 clients no run ended within 22 s, so it is measured up to 100",
    mostClients: 100,
  },
  {
    name: "vercel-polled",
    module: "vercel",
    options: { polled: true },
    durability: "normal",
    note: "the same, its status asked for every 5 ms, which takes part of the processor",
    mostClients: 100,
  },
];
