// Effect's workflows on its cluster of one runner, with SQLite below both.
// Boundary: better-sqlite3 in WAL mode, whose build makes synchronous NORMAL the default there: it survives the death of the
// process, not the loss of power. Shards and polling are as they are by default. Invariant: a workflow's name and the key that
// its payload gives make it a run of its own, so each request has an id.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { ClusterWorkflowEngine, SingleRunner } from "@effect/cluster";
import { SqliteClient } from "@effect/sql-sqlite-node";
import { Activity, Workflow } from "@effect/workflow";
import { Effect, Layer, Logger, LogLevel, ManagedRuntime, Schema } from "effect";
import { countUp, found, labels, madeOf } from "./four-steps.mjs";

const Counted = Schema.Struct({ n: Schema.Number, label: Schema.String, score: Schema.Number });
const idempotencyKey = ({ id }) => id;

const Four = Workflow.make({
  name: "four-steps",
  payload: { id: Schema.String, n: Schema.Number },
  success: Counted,
  idempotencyKey,
});
const four = Four.toLayer(
  Effect.fn(function* ({ n }) {
    let last = { n };
    for (const name of labels) {
      const before = last.n;
      const execute = Effect.promise(() => countUp(before, name));
      last = yield* Activity.make({ name, success: Counted, execute });
    }
    return last;
  }),
);

const Carry = Workflow.make({
  name: "carry",
  payload: { id: Schema.String, kind: Schema.String },
  success: Schema.String,
  idempotencyKey,
});
const carry = Carry.toLayer(
  Effect.fn(function* ({ kind }) {
    const make = Effect.sync(() => ({ held: madeOf(kind) }));
    const value = yield* Activity.make({ name: "make", success: Schema.Struct({ held: Schema.Any }), execute: make });
    const look = Effect.sync(() => found(value.held));
    return yield* Activity.make({ name: "look", success: Schema.String, execute: look });
  }),
);

export async function open(folder) {
  const engine = ClusterWorkflowEngine.layer.pipe(
    Layer.provideMerge(SingleRunner.layer()),
    Layer.provideMerge(SqliteClient.layer({ filename: join(folder, "runs.db") })),
    Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Error)),
  );
  const runtime = ManagedRuntime.make(Layer.mergeAll(four, carry).pipe(Layer.provideMerge(engine)));
  return {
    four: () => runtime.runPromise(Four.execute({ id: randomUUID(), n: 0 })),
    carry: (kind) => runtime.runPromise(Carry.execute({ id: randomUUID(), kind })),
    close: () => runtime.dispose(),
  };
}
