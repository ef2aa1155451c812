// Job: keeps the pictures in the examples' READMEs equal to what `plumbline graph` draws. `node scripts/pictures.ts` writes them.
// Boundary: the first Mermaid block of a README whose folder has src/configured-flow.ts; scripts/test/pictures.test.ts fails when one
// is not up to date. Invariant: nothing else in a README is touched.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const repository = join(import.meta.dirname, "..");
/** Drawn by hand, with the outside in it; its own test holds it to the plan. */
const byHand = "examples/loan-triage/README.md";
const block = /```mermaid\n[\s\S]*?```/;

/** A README with the picture that it should have. */
export interface Picture {
  readonly readme: string;
  readonly text: string;
  readonly drawn: string;
}

export function pictures(): Picture[] {
  return globSync("examples/*/src/configured-flow.ts", { cwd: repository })
    .sort()
    .map((flow) => ({ flow, readme: join(dirname(dirname(flow)), "README.md") }))
    .filter(({ readme }) => readme !== byHand && existsSync(join(repository, readme)))
    .map(({ flow, readme }) => {
      const text = readFileSync(join(repository, readme), "utf8");
      return { readme, text, drawn: text.replace(block, () => `\`\`\`mermaid\n${graphOf(flow)}\`\`\``) };
    });
}

function graphOf(flow: string): string {
  const command = ["--conditions=plumbline-source", "packages/plumbline/src/cli/main.ts", "graph", flow];
  return execFileSync(process.execPath, command, { cwd: repository, encoding: "utf8" });
}

if (import.meta.main) for (const { readme, drawn } of pictures()) writeFileSync(join(repository, readme), drawn);
