// Runs the repository's TypeScript on a few files and reads what it says; for tests of types and of their messages.
// Boundary: knows nothing of what is tested. Invariants: diagnostics of other files than those asked for are left out, because
// `npm run check -- types` tells them; a compiler that does not run at all is an error and not an empty list.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = join(import.meta.dirname, "../../..");

export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  /** `TS2322`. */
  readonly code: string;
  /** The lines of the message, from the outermost to the reason. */
  readonly message: string;
}

export interface Compilation {
  readonly diagnostics: readonly Diagnostic[];
  /** With `--extendedDiagnostics`: `Check time`, `Instantiations` and others. */
  readonly figures: Readonly<Record<string, number>>;
}

/** An empty folder from which packages resolve as they do inside the repository. The caller removes it. */
export function compilerFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-types-"));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return folder;
}

/** Compiles the named files of a folder with the repository's options and the given ones. */
export function compile(folder: string, files: readonly string[], ...options: readonly string[]): Compilation {
  const project = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: { typeRoots: [join(repository, "node_modules/@types")] },
    files: files.map((file) => join(folder, file)),
  };
  const configFolder = mkdtempSync(join(tmpdir(), "plumbline-tsconfig-"));
  const config = join(configFolder, "tsconfig.json");
  writeFileSync(config, JSON.stringify(project));
  const tsc = join(repository, "node_modules/.bin/tsc");
  const { stdout, stderr, status, error } = spawnSync(tsc, ["--project", config, "--pretty", "false", ...options], {
    cwd: folder,
    encoding: "utf8",
  });
  rmSync(configFolder, { recursive: true });
  if (error || status === null || stderr !== "") throw new Error(`tsc did not run: ${error ?? stderr}`);
  const found = diagnosticsIn(stdout);
  const nowhere = found.find(({ file }) => file === "");
  if (nowhere) throw new Error(`tsc refused the project: ${nowhere.message}`);
  const asked = new Set(files);
  return { diagnostics: found.filter(({ file }) => asked.has(file)), figures: figuresIn(stdout) };
}

function diagnosticsIn(output: string): Diagnostic[] {
  const found: { file: string; line: number; code: string; message: string }[] = [];
  for (const line of output.split("\n")) {
    const head = /^(?:(.+)\((\d+),\d+\): )?error (TS\d+): (.*)$/.exec(line);
    const last = found.at(-1);
    if (head) {
      const [, file = "", number = "0", code = "", message = ""] = head;
      found.push({ file, line: Number(number), code, message });
    } else if (last && line.startsWith("  ")) last.message += `\n${line}`;
  }
  return found;
}

function figuresIn(output: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [, name = "", value = ""] of output.matchAll(/^([A-Z][\w ]+):\s+([\d.]+)[sK]?$/gm))
    found[name] = Number(value);
  return found;
}
