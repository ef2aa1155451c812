// `npm run example -- large-state`: 100 MiB of bytes and 100 MiB of JSON through three steps on one SQLite file, in a minute.
// Boundary: starts the processes and prints what they measured; `--small` takes 8 MiB.
// Invariants: each value has a process of its own, so that its peak is its own; the values are verified by another process that
// opens the file anew; ends with 1 when one of them is not what it must be.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { type Shape, type Verification, verify, work } from "./work-process.ts";

export const about =
  "100 MiB of bytes and of JSON through three steps on one SQLite file: peak memory, verified after a reopen";
export const switches = { small: "8 MiB instead of 100" };

interface Measured {
  readonly shape: Shape;
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakMib: number;
  readonly stallMs: number;
  /** The same functions without an engine. */
  readonly plain: { readonly ms: number; readonly cpuMs: number; readonly peakMib: number };
}

const seed = 1;

export async function main({
  json,
  small = false,
}: {
  readonly json: boolean;
  readonly small?: boolean;
}): Promise<void> {
  const mib = small ? 8 : 100;
  const say = json ? () => {} : console.log;
  const folder = mkdtempSync(join(tmpdir(), "plumbline-large-state-"));
  const db = join(folder, "plumbline.db");
  try {
    say(styleText("bold", `Large state: ${mib} MiB a value, load, score, mask, on one SQLite file`));
    say("The transactions are generated. Each line is a process of its own.\n");
    say("value   time     CPU      peak memory   longest stall   the functions alone");
    const measured: Measured[] = [];
    for (const shape of ["bytes", "json"] as const) {
      const one = await measure(db, shape, mib);
      measured.push(one);
      say(lineOf(one));
    }
    const verification = await verify({ db, mib, seed });
    const wrong = verification.verified.filter(({ hash, expected }) => hash !== expected).length;
    if (json) console.log(JSON.stringify({ mib, measured, ...verification, wrong }, undefined, 2));
    else say(`\n${verificationText(verification)}`);
    if (wrong > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(db: string, shape: Shape, mib: number): Promise<Measured> {
  const plain = await work({ db, shape, mib, seed, plain: true });
  const figures = await work({ db, shape, mib, seed });
  if (plain === undefined || figures?.outcome !== "succeeded")
    throw new Error(`${shape}: ${figures?.outcome ?? "killed"}`);
  const { ms, cpuMs, peakMib, stallMs } = figures;
  return { shape, ms, cpuMs, peakMib, stallMs, plain: { ms: plain.ms, cpuMs: plain.cpuMs, peakMib: plain.peakMib } };
}

function lineOf({ shape, ms, cpuMs, peakMib, stallMs, plain }: Measured): string {
  const alone = `${seconds(plain.cpuMs)} CPU, ${plain.peakMib} MiB`;
  return [
    shape.padEnd(6),
    seconds(ms).padEnd(7),
    seconds(cpuMs).padEnd(7),
    `${peakMib} MiB`.padEnd(12),
    seconds(stallMs).padEnd(14),
    alone,
  ].join("  ");
}

function verificationText({ verified, databaseMib }: Verification): string {
  const lines = verified.map(({ shape, step, mib, hash, expected, readMs }) => {
    const verdict = hash === expected ? styleText("green", "as it must be") : styleText("red", `must be ${expected}`);
    const size = `${mib.toFixed(1)} MiB`.padEnd(10);
    return `${shape.padEnd(6)}  ${step.padEnd(6)}  ${size}  ${hash.slice(0, 16)}…  read in ${seconds(readMs)}  ${verdict}`;
  });
  return [
    "Opened again by another process, hashed (SHA-256), beside what it must be:",
    ...lines,
    `the database: ${Math.round(databaseMib)} MiB`,
  ].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
