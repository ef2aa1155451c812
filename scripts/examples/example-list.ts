// Which examples there are: folders of examples/ that can be run by name.
// Boundary: looks at files and loads none, so that the list needs no model to start and no example can break it.
// Invariants: an example is a folder with src/example.ts, or with a script "demo" of its own; sorted by name.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Example {
  readonly name: string;
  /** What it shows, in one line. */
  readonly about: string;
  /** The module to load; absent where the folder's script "demo" is the example. */
  readonly file?: string;
  /** The workspace whose script "demo" is the example. */
  readonly workspace?: string;
}

interface Manifest {
  readonly name?: string;
  readonly description?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

export function examplesIn(root: string): Example[] {
  const folder = join(root, "examples");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort();
  return names.flatMap((name) => exampleIn(join(folder, name), name) ?? []);
}

function exampleIn(folder: string, name: string): Example | undefined {
  const file = join(folder, "src", "example.ts");
  if (existsSync(file)) return { name, about: aboutIn(readFileSync(file, "utf8")), file };
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return undefined;
  const { name: workspace, description = "", scripts } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
  if (workspace === undefined || scripts?.["demo"] === undefined) return undefined;
  return { name, about: description, workspace };
}

const aboutPattern = /^export const about(?:: string)? =\s*("(?:[^"\\\n]|\\.)*"|`[^`$\\]*`);$/m;

/** The text of `export const about = "…"`. Anything but a plain text is said to be none. */
function aboutIn(source: string): string {
  const literal = aboutPattern.exec(source)?.[1];
  if (literal === undefined) return '(its src/example.ts has no `export const about = "…"`)';
  return literal.startsWith("`") ? literal.slice(1, -1) : (JSON.parse(literal) as string);
}
