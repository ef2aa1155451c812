/**
 * Installs the peers into their own folder, and measures one engine in a process of its own.
 *
 * Boundary: npm and processes; what is measured is peers/measure.mjs. Invariants: nothing is installed at the root; a peer runs
 * on our Node, and where its native module was built for another one, on the first Node of the path that loads it, and that is
 * said.
 */
import { execFileSync, fork } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Figures } from "../suite.ts";
import { inFolder } from "../trial.ts";
import type { Contender } from "./contenders.ts";

const peersFolder = join(import.meta.dirname, "../../peers");

export interface PeerOptions {
  readonly oneClientRuns: number;
  readonly oneClientMs: number;
  readonly warmUpMs: number;
  readonly forMs: number;
  /** Clients at once. */
  readonly levels: readonly number[];
  /** Also carry values from step to step. */
  readonly values: boolean;
}

export interface PeerFigures {
  readonly figures: Figures;
  /** What the next step was given, by kind of value. */
  readonly carried: Readonly<Record<string, string>>;
  readonly node: string;
}

/** By the lock file beside them; once for each lock file. */
export function installPeers(say: (text: string) => void): void {
  const installed = join(peersFolder, "node_modules/.package-lock.json");
  const changed = (path: string) => statSync(path).mtimeMs;
  if (existsSync(installed) && changed(installed) >= changed(join(peersFolder, "package-lock.json"))) return;
  say("installing the peers into bench/peers: a few minutes");
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`;
  execFileSync("npm", ["ci"], { cwd: peersFolder, env: { ...process.env, PATH: path }, stdio: ["ignore", 2, 2] });
}

export function measurePeer({ module, options, native }: Contender, peer: PeerOptions): Promise<PeerFigures> {
  return inFolder((folder) => {
    const given = JSON.stringify({ ...peer, folder, engine: options });
    const child = fork(join(peersFolder, "measure.mjs"), [module, given], {
      execPath: nodeFor(native),
      execArgv: ["--no-warnings", "--conditions=plumbline-source"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    return new Promise((resolve, reject) => {
      let found: PeerFigures | undefined;
      child.on("message", (message) => {
        found = message as PeerFigures;
        child.kill(); // some leave timers and threads behind
      });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        if (found) resolve(found);
        else reject(new Error(`${module} ended with ${signal ?? `code ${code}`} and no figures`));
      });
    });
  });
}

/** The Node that can load a native module of the peers. */
function nodeFor(native: string | undefined): string {
  if (native === undefined) return process.execPath;
  const others = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  const node = [process.execPath, ...others].find((path) => existsSync(path) && loads(path, native));
  if (node === undefined) throw new Error(`no Node on this machine loads ${native}: see bench/peers/README.md`);
  return node;
}

function loads(node: string, native: string): boolean {
  try {
    // It loads its binary when the first database is opened.
    execFileSync(node, ["-e", `new (require("${native}"))(":memory:")`], { cwd: peersFolder, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
