// Lays the emitted files of one published package out below its dist/: its own at the top, each bundled room in a folder.
// Imports of bundled rooms become relative paths; a package beside `plumbline` (ai, restate) takes them from `plumbline`.
// Every other package named by a file must be in the manifest it is published with, or the build fails.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, extname, join, posix, relative, sep } from "node:path";
import { parseSource } from "../checks/sources.ts";
import type { Package } from "./workspace.ts";

export interface Layout {
  readonly published: Package;
  readonly bundled: readonly Package[];
  readonly packages: ReadonlyMap<string, Package>;
  /** Where emission.ts wrote. */
  readonly emitted: string;
  readonly dist: string;
}

/** Writes dist/ and returns the names of the packages that its files import. */
export function layOut(layout: Layout): ReadonlySet<string> {
  const imported = new Set<string>();
  for (const one of [layout.published, ...layout.bundled]) {
    const place = one === layout.published ? "" : one.room;
    copyAssets(join(one.folder, "src"), join(layout.dist, place));
    for (const path of filesBelow(join(layout.emitted, one.room, "src"))) {
      const inDist = posix.join(place, path);
      if (existsSync(join(layout.dist, inDist))) throw new Error(`Two sources would become ${inDist}: rename one.`);
      const text = readFileSync(join(layout.emitted, one.room, "src", path), "utf8");
      write(join(layout.dist, inDist), rewritten(inDist, text, layout, imported));
    }
  }
  return imported;
}

function rewritten(inDist: string, text: string, layout: Layout, imported: Set<string>): string {
  let result = text;
  // From the end, so that the places of what comes before stay right.
  for (const { specifier, start, end } of [...parseSource(inDist, text).imports].sort((a, b) => b.start - a.start)) {
    const replaced = specifier.startsWith(".")
      ? specifier.replace(/\.tsx?$/, ".js")
      : bareImport(specifier, inDist, layout, imported);
    result = `${result.slice(0, start)}${JSON.stringify(replaced)}${result.slice(end)}`;
  }
  return result;
}

function bareImport(specifier: string, inDist: string, layout: Layout, imported: Set<string>): string {
  if (isBuiltin(specifier)) return specifier;
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const target = layout.packages.get(name);
  if (target && layout.bundled.includes(target)) {
    const path = relative(dirname(inDist), posix.join(target.room, entryOf(target, specifier.slice(name.length))));
    return path.startsWith(".") ? path : `./${path}`;
  }
  if (target?.manifest.private) {
    imported.add("plumbline");
    // What users import is less than what a package beside needs of a room: that has a door of its own.
    const door = layout.packages.get("plumbline")?.manifest.exports[`./${target.room}`];
    return door === undefined ? "plumbline" : `plumbline/${target.room}`;
  }
  if (target !== layout.published) imported.add(name);
  return specifier;
}

/** "" -> `index.js`, from `exports["."]["plumbline-source"] = "./src/index.ts"`. */
function entryOf({ manifest }: Package, subpath: string): string {
  const exported = manifest.exports[`.${subpath}`];
  const source = typeof exported === "object" ? exported["plumbline-source"] : undefined;
  if (!source) throw new Error(`${manifest.name} exports no source for ".${subpath}".`);
  return source.replace(/^\.\/src\//, "").replace(/\.tsx?$/, ".js");
}

/** What is no TypeScript but read at run time, such as .sql and .html. */
function copyAssets(from: string, to: string): void {
  for (const path of filesBelow(from)) {
    if (![".ts", ".tsx", ".json"].includes(extname(path))) cpSync(join(from, path), join(to, path));
  }
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
