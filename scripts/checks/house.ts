// The checks of the house that no bought tool makes: arrows, cycles, purity of core, names, sizes, the lock file; over one reading of the files.
// (dependency-cruiser 18 reads TypeScript only through the compiler API that TypeScript 7 no longer has: it passes having seen nothing.)
import { checkArrows } from "./arrows.ts";
import { checkCycles } from "./cycles.ts";
import { checkLock } from "./lock.ts";
import { checkNames } from "./names.ts";
import { checkPurity } from "./purity.ts";
import { resolverOf } from "./rooms.ts";
import { checkSizes } from "./sizes.ts";
import { readSources } from "./sources.ts";

export function checkHouse(root: string): string[] {
  const files = readSources(root);
  const resolve = resolverOf(root);
  if (files.length === 0) return [`${root}: no source files found, so nothing was checked.`];
  return [
    ...files.flatMap(({ path, syntaxErrors }) => syntaxErrors.map((error) => `${path}: ${error}`)),
    ...checkArrows(files, resolve),
    ...checkCycles(files, resolve),
    ...checkPurity(files),
    ...checkNames(files),
    ...checkSizes(files),
    ...checkLock(root),
  ];
}
