/**
 * A client in a thread of its own that asks the host process over HTTP at fixed instants.
 *
 * Boundary: sends each answer's delay to its parent when told to stop, at least one. Invariant: the delay counts from the instant at which
 * the question was due, so that a stalled server cannot hide by keeping the client from asking.
 */
import { get } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const { port, everyMs } = workerData as { readonly port: number; readonly everyMs: number };
const delays: number[] = [];
let due = performance.now();
let isStopped = false;

function askOnTime(): void {
  if (isStopped) return;
  ask(due);
  due += everyMs;
  setTimeout(askOnTime, Math.max(0, due - performance.now()));
}

/** A connection that breaks is no answer: the question is asked again, and its delay goes on. */
function ask(since: number): void {
  const request = get({ host: "127.0.0.1", port }, (response) => {
    response.resume();
    response.on("end", () => {
      delays.push(performance.now() - since);
      if (isStopped) tell();
    });
  });
  request.on("error", () => {
    if (!isStopped) ask(since);
  });
}

parentPort?.on("message", () => {
  isStopped = true;
  if (delays.length > 0) tell(); // otherwise with the first answer, which is on its way
});

let isTold = false;
function tell(): void {
  if (isTold) return;
  isTold = true;
  parentPort?.postMessage(delays);
  parentPort?.close();
}

askOnTime();
