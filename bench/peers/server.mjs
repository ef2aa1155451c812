// What engines with a server of their own need: a free port of the loopback, the end of the server with its client, its memory.
// Boundary: processes; which server, and how it is started, is its engine's file. Invariants: a server ends with the process
// that started it, also when that fails or is told to end; nothing is ended but by its id.
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Ends a child when this process ends, however that comes about; gives the way to end it sooner. */
export function endWithUs(child, signal = "SIGTERM") {
  const end = () => child.exitCode === null && child.signalCode === null && child.kill(signal);
  const exit = () => process.exit(1);
  process.on("exit", end);
  for (const told of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(told, exit);
  return async () => {
    const isOver = new Promise((resolve) => child.once("exit", resolve));
    if (end()) await isOver;
    process.off("exit", end);
    for (const told of ["SIGTERM", "SIGINT", "SIGHUP"]) process.off(told, exit);
  };
}

/** What a process and its children keep in memory, pages that they share counted once; 0 where the system does not tell. */
export function megabytesOf(pid) {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
    );
    return children.reduce((sum, child) => sum + megabytesOf(child), Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}
