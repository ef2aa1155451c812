/**
 * A client in a thread of its own that asks the host process over HTTP at fixed instants.
 *
 * Boundary: sends each answer's delay to its parent when told to stop. Invariant: the delay counts from the instant at which
 * the question was due, so that a stalled server cannot hide by keeping the client from asking.
 */
import { get } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const { port, everyMs } = workerData as { readonly port: number; readonly everyMs: number };
const delays: number[] = [];
let due = performance.now();
let isStopped = false;

function ask(): void {
  if (isStopped) return;
  const asked = due;
  get({ host: "127.0.0.1", port }, (response) => {
    response.resume();
    response.on("end", () => delays.push(performance.now() - asked));
  });
  due += everyMs;
  setTimeout(ask, Math.max(0, due - performance.now()));
}

parentPort?.on("message", () => {
  isStopped = true;
  parentPort?.postMessage(delays);
  parentPort?.close();
});
ask();
