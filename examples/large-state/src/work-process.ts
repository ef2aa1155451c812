// The processes of this example, as its parent sees them: one that works on a large value, one that verifies what is left.
// Boundary: starts, listens and kills; what they do is work.ts and verify.ts.
// Invariant: whoever starts one waits for its end; only processes started here are ever killed, and by their own handle.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Verified } from "./verify.ts";
import type { Figures, Said } from "./work.ts";

export type Shape = "bytes" | "json";

export interface Work {
  readonly db: string;
  readonly shape: Shape;
  readonly mib: number;
  readonly seed: number;
  /** The same functions without any engine. */
  readonly plain?: boolean;
}

/** Works to the end, or until `onSaid` kills it. Gives its figures; none when it was killed. */
export async function work(
  { db, shape, mib, seed, plain = false }: Work,
  onSaid: (said: Said, kill: () => void) => void = () => {},
): Promise<Figures | undefined> {
  const options = ["--db", db, "--shape", shape, "--mib", String(mib), "--seed", String(seed)];
  const { child, ended } = start("work.ts", [...options, ...(plain ? ["--plain"] : [])]);
  let figures: Figures | undefined;
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const said = JSON.parse(line) as Said;
    if ("outcome" in said) figures = said;
    onSaid(said, () => child.kill("SIGKILL"));
  }
  return (await ended) === "SIGKILL" ? undefined : figures;
}

export interface Verification {
  readonly verified: readonly Verified[];
  readonly databaseMib: number;
}

export async function verify({ db, mib, seed }: Pick<Work, "db" | "mib" | "seed">): Promise<Verification> {
  const { child, ended } = start("verify.ts", ["--db", db, "--mib", String(mib), "--seed", String(seed)]);
  let text = "";
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) text += chunk;
  await ended;
  return JSON.parse(text) as Verification;
}

/** `ended`: how it ended. Rejects when it was neither killed nor fine, with what it said about that. */
function start(file: string, options: readonly string[]): { child: ChildProcess; ended: Promise<number | string> } {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const args = ["--conditions=plumbline-source", program, ...options];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let problem = "";
  child.stderr.on("data", (chunk: Buffer) => {
    problem += chunk;
  });
  const closed = once(child, "close") as Promise<[code: number | null, signal: string | null]>;
  const ended = closed.then(([code, signal]) => {
    if (code !== 0 && signal !== "SIGKILL") throw new Error(`${file} ended with ${code ?? signal}:\n${problem}`);
    return signal ?? 0;
  });
  ended.catch(() => {}); // looked at when its output has ended
  return { child, ended };
}
