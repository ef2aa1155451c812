// Mastra workflows on LibSQL, a local file.
// Boundary: libsql in WAL mode with synchronous NORMAL, as its store sets it: survives the death of the process, not the loss
// of power. The logger is off.
import { join } from "node:path";
import { Mastra } from "@mastra/core";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { LibSQLStore } from "@mastra/libsql";
import { z } from "zod";
import { countUp, found, kinds, labels, madeOf } from "./four-steps.mjs";

const Begin = z.object({ n: z.number() });
const Counted = z.object({ n: z.number(), label: z.string(), score: z.number() });
const Kind = z.object({ kind: z.enum(kinds) });
const Held = z.object({ held: z.any() });

export async function open(folder) {
  let four = createWorkflow({ id: "four-steps", inputSchema: Begin, outputSchema: Counted });
  for (const [index, label] of labels.entries()) {
    four = four.then(
      createStep({
        id: label,
        inputSchema: index === 0 ? Begin : Counted,
        outputSchema: Counted,
        execute: async ({ inputData }) => countUp(inputData.n, label),
      }),
    );
  }
  const carry = createWorkflow({ id: "carry", inputSchema: Kind, outputSchema: z.string() })
    .then(
      createStep({
        id: "make",
        inputSchema: Kind,
        outputSchema: Held,
        execute: async ({ inputData }) => ({ held: madeOf(inputData.kind) }),
      }),
    )
    .then(
      createStep({
        id: "look",
        inputSchema: Held,
        outputSchema: z.string(),
        execute: async ({ inputData }) => found(inputData.held),
      }),
    )
    .commit();
  const storage = new LibSQLStore({ id: "bench", url: `file:${join(folder, "runs.db")}` });
  const mastra = new Mastra({ workflows: { four: four.commit(), carry }, storage, logger: false });
  const answer = async (name, inputData) => {
    const run = await mastra.getWorkflow(name).createRun();
    const { status, result, error } = await run.start({ inputData });
    if (status !== "success") throw error ?? new Error(status);
    return result;
  };
  return {
    four: () => answer("four", { n: 0 }),
    carry: (kind) => answer("carry", { kind }),
    close: async () => {},
  };
}
