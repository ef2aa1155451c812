/**
 * The thread that writes for the bare loop, as the engine's writer has one of its own.
 *
 * Boundary: batches in, one answer for each, in order.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type BareBatch, BareWriter, type Durability } from "./bare-writer.ts";

const { path, durability } = workerData as { readonly path: string; readonly durability: Durability };
const writer = new BareWriter(path, durability);
parentPort?.on("message", (batch: BareBatch | "close") => {
  if (batch === "close") {
    writer.close();
    parentPort?.close();
    return;
  }
  writer.commit(batch);
  parentPort?.postMessage(batch.runs.length);
});
parentPort?.postMessage("open");
