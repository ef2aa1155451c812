// LangGraph.js with its SQLite checkpointer, durability "async", its default.
// Boundary: better-sqlite3 in WAL mode, whose build makes synchronous NORMAL the default there: it survives the death of the
// process, not the loss of power. Each run is a thread of its own.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Annotation, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { countUp, found, labels, madeOf } from "./four-steps.mjs";

export async function open(folder) {
  const checkpointer = SqliteSaver.fromConnString(join(folder, "runs.db"));
  const Counted = Annotation.Root({ n: Annotation(), label: Annotation(), score: Annotation() });
  let four = new StateGraph(Counted);
  let before = "__start__";
  for (const label of labels) {
    four = four.addNode(label, ({ n }) => countUp(n, label)).addEdge(before, label);
    before = label;
  }
  const fourSteps = four.addEdge(before, "__end__").compile({ checkpointer });
  const Carried = Annotation.Root({ kind: Annotation(), held: Annotation(), said: Annotation() });
  const carry = new StateGraph(Carried)
    .addNode("make", ({ kind }) => ({ held: madeOf(kind) }))
    .addNode("look", ({ held }) => ({ said: found(held) }))
    .addEdge("__start__", "make")
    .addEdge("make", "look")
    .addEdge("look", "__end__")
    .compile({ checkpointer });
  const thread = () => ({ configurable: { thread_id: randomUUID() } });
  return {
    four: () => fourSteps.invoke({ n: 0 }, thread()),
    carry: async (kind) => (await carry.invoke({ kind }, thread())).said,
    close: async () => checkpointer.db.close(),
  };
}
