// Starts a local service as a process of its own, for examples and tests.
// Boundary: spawning, waiting for the line that says where it listens, stopping; everything else goes over HTTP.
// Invariant: the service does not outlive the process that started it, however that one ends.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ServiceProcess extends AsyncDisposable {
  readonly baseUrl: string;
  readonly child: ChildProcess;
  /** SIGKILL: what a crash of it looks like. Resolves when it is dead. */
  kill(): Promise<void>;
  /** A clean end. */
  stop(): Promise<void>;
}

/** Starts it on `db` (a file that may exist already) and resolves when it listens. Rejects when it does not start. */
export async function startService(program: URL, { db }: { readonly db: string }): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [fileURLToPath(program), "--db", db, "--until-stdin-closes"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) => {
      throw new Error(`the process of ${program.pathname} ended with ${code} before it listened`);
    }),
  ])) as [string];
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    child.kill(signal);
    await exited;
  };
  return {
    baseUrl: (JSON.parse(line) as { url: string }).url,
    child,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}
