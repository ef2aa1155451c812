// The rooms of the house and who may import whom (design, section 3): the one table the arrow check keeps.
// Also resolves an import to a file, a room, a Node module or an npm package. Judging is done in arrows.ts.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";

export interface Room {
  /** Rooms its source may import by name. */
  readonly sees: readonly string[] | "everything";
  /** Runs in a browser too, alone or inside Studio: no Node modules. */
  readonly inBrowser?: true;
  /** The only npm packages its source may import, types only. Absent: any that its package.json declares. */
  readonly onlyTypesOf?: readonly string[];
}

export const rooms: Readonly<Record<string, Room>> = {
  core: { sees: [], inBrowser: true, onlyTypesOf: ["@standard-schema/spec"] },
  engine: { sees: ["core"] },
  insight: { sees: ["core"], inBrowser: true },
  ai: { sees: ["core"] },
  restate: { sees: ["core"] },
  server: { sees: ["core"] },
  client: { sees: ["core"], inBrowser: true },
  rehearsal: { sees: ["core", "insight"] },
  testing: { sees: ["core"] },
  studio: { sees: ["core", "insight", "client"], inBrowser: true },
  plumbline: { sees: "everything" },
  examples: { sees: "everything" },
  bench: { sees: "everything" },
  scripts: { sees: [] },
};

/** The room a file stands in: `packages/engine/src/x.ts` is in `engine`, everything under `examples/` in `examples`. */
export function roomOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  if (top === "packages" || top === "apps") return second;
  return path.includes("/") ? top : "scripts";
}

/** Tests may see more than the source they test. */
export function isTest(path: string): boolean {
  return /(^|\/)test\//.test(path) || /\.(test|health)\.tsx?$/.test(path);
}

export type Target =
  | { readonly kind: "file"; readonly path: string; readonly byName: boolean }
  | { readonly kind: "node" }
  | { readonly kind: "built" }
  | { readonly kind: "npm"; readonly name: string }
  | { readonly kind: "missing"; readonly why: string };

export type Resolve = (from: string, specifier: string) => Target;

interface Workspace {
  readonly folder: string;
  readonly exports: unknown;
}

const sourceConditions = ["plumbline-source", "import", "node", "default"];

export function resolverOf(root: string): Resolve {
  const workspaces = workspacesOf(root);
  return (from, specifier) => {
    const bare = specifier.replace(/\?.*$/, "");
    if (bare.startsWith(".")) return existing(root, posix.join(posix.dirname(from), bare), false);
    if (isBuiltin(bare)) return { kind: "node" };
    const [name, subpath] = splitBare(bare);
    const workspace = workspaces.get(name);
    if (!workspace) return { kind: "npm", name };
    const inside = exportedAs(workspace.exports, subpath);
    if (!inside) return { kind: "missing", why: `${name} does not export "${subpath}"` };
    return existing(root, posix.join(workspace.folder, inside), true);
  };
}

function existing(root: string, path: string, byName: boolean): Target {
  if (path.split("/").includes("dist")) return { kind: "built" };
  if (existsSync(join(root, path))) return { kind: "file", path, byName };
  return { kind: "missing", why: `${path} does not exist` };
}

function splitBare(specifier: string): [name: string, subpath: string] {
  const parts = specifier.split("/");
  const nameLength = specifier.startsWith("@") ? 2 : 1;
  return [parts.slice(0, nameLength).join("/"), [".", ...parts.slice(nameLength)].join("/")];
}

function exportedAs(exports: unknown, subpath: string): string | undefined {
  if (typeof exports === "string") return subpath === "." ? exports : undefined;
  const table = exports as Record<string, unknown>;
  const direct = chosen(table[subpath]);
  if (direct) return direct;
  for (const [pattern, value] of Object.entries(table)) {
    const [head = "", tail] = pattern.split("*");
    if (tail === undefined || !subpath.startsWith(head) || !subpath.endsWith(tail)) continue;
    return chosen(value)?.replaceAll("*", subpath.slice(head.length, subpath.length - tail.length));
  }
  return undefined;
}

function chosen(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return typeof value === "string" ? value : undefined;
  const condition = sourceConditions.find((name) => name in value);
  return condition === undefined ? undefined : chosen((value as Record<string, unknown>)[condition]);
}

function workspacesOf(root: string): Map<string, Workspace> {
  const found = new Map<string, Workspace>();
  for (const group of ["packages", "apps", "examples"]) {
    if (!existsSync(join(root, group))) continue;
    for (const entry of readdirSync(join(root, group))) {
      const manifestPath = join(root, group, entry, "package.json");
      if (!existsSync(manifestPath)) continue;
      const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as { name: string; exports?: unknown };
      found.set(manifest.name, { folder: `${group}/${entry}`, exports: manifest.exports ?? {} });
    }
  }
  return found;
}
