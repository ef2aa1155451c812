// Starts the inventory service as a process of its own, for the example and tests.
// Boundary: spawning, waiting for the line with its port, stopping; everything else goes over HTTP.
// Invariant: the service does not outlive the process that started it, however that one ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface InventoryProcess extends AsyncDisposable {
  readonly baseUrl: string;
  /** SIGKILL: what a crash of the warehouse looks like. Resolves when it is dead. */
  kill(): Promise<void>;
  /** A clean end. */
  stop(): Promise<void>;
}

/** Starts it on `db` (a file that may exist already) and resolves when it listens. Rejects when it does not start. */
export async function startInventory({ db }: { readonly db: string }): Promise<InventoryProcess> {
  const server = fileURLToPath(new URL("./server.ts", import.meta.url));
  const child = spawn(process.execPath, [server, "--db", db, "--port", "0", "--until-stdin-closes"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) => {
      throw new Error(`the inventory process ended with ${code} before it listened`);
    }),
  ])) as [string];
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    child.kill(signal);
    await exited;
  };
  return {
    baseUrl: (JSON.parse(line) as { url: string }).url,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}
