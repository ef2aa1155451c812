// OpenWorkflow on SQLite: as its quick start has it, or driven by hand so that nobody waits for a poll.
// Boundary: "driven" wraps the backend to hear of the end of a run and calls worker.tick(), which is exposed for its tests; a
// user has neither. It shows what the engine costs without its polling. Durability: SQLite's default in WAL mode, FULL.
import { join } from "node:path";
import { OpenWorkflow } from "openworkflow";
import { BackendSqlite } from "openworkflow/sqlite";
import { countUp, found, labels, madeOf } from "./four-steps.mjs";

export async function open(folder, { driven = false, concurrency = 100 } = {}) {
  const backend = BackendSqlite.connect(join(folder, "runs.db"));
  const ow = new OpenWorkflow({ backend });
  const four = ow.defineWorkflow({ name: "four-steps" }, async ({ input, step }) => {
    let last = { n: input.n };
    for (const label of labels) {
      const { n } = last;
      last = await step.run({ name: label }, () => countUp(n, label));
    }
    return last;
  });
  const carry = ow.defineWorkflow({ name: "carry" }, async ({ input, step }) => {
    const value = await step.run({ name: "make" }, async () => ({ held: madeOf(input.kind) }));
    return step.run({ name: "look" }, async () => found(value.held));
  });
  const worker = ow.newWorker({ concurrency });
  const stop = driven ? drive(backend, worker) : undefined;
  if (!driven) await worker.start();
  const result = driven ? stop.result : (handle) => handle.result();
  return {
    four: async () => result(await four.run({ n: 0 })),
    carry: async (kind) => result(await carry.run({ kind })),
    async close() {
      if (driven) await stop.end();
      else await worker.stop();
      await backend.stop();
    },
  };
}

function drive(backend, worker) {
  const waiting = new Map();
  const ended = new Map();
  const complete = backend.completeWorkflowRun.bind(backend);
  backend.completeWorkflowRun = async (params) => {
    const run = await complete(params);
    const resolve = waiting.get(params.workflowRunId);
    if (resolve) resolve(params.output);
    else ended.set(params.workflowRunId, params.output);
    waiting.delete(params.workflowRunId);
    return run;
  };
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      await worker.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    result({ workflowRun: { id } }) {
      if (ended.has(id)) {
        const output = ended.get(id);
        ended.delete(id);
        return output;
      }
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    async end() {
      isOver = true;
      await loop;
    },
  };
}
