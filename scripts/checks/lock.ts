// The lock file must install anywhere: it names no registry's host, and it holds every optional package of what it locks.
// A registry that lacks the build of a tool for another platform drops it from the lock silently, and `npm ci` then refuses.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly optionalDependencies?: object }>>;
}

export function checkLock(root: string): string[] {
  const path = join(root, "package-lock.json");
  if (!existsSync(path)) return [];
  const { packages } = JSON.parse(readFileSync(path, "utf8")) as Lock;
  const locked = new Set(Object.keys(packages).map(nameOf));
  return Object.entries(packages).flatMap(([place, { resolved, optionalDependencies }]) => {
    const problems: string[] = [];
    if (resolved?.includes("://"))
      problems.push(`package-lock.json: ${nameOf(place)} names the host it came from; see .npmrc.`);
    const missing = Object.keys(optionalDependencies ?? {}).filter((name) => !locked.has(name));
    if (missing.length > 0) {
      problems.push(
        `package-lock.json: ${nameOf(place)} lacks ${missing.join(", ")}. \`npm ci\` fails: take a version that has them all.`,
      );
    }
    return problems;
  });
}

/** `node_modules/a/node_modules/@b/c` -> `@b/c` */
function nameOf(place: string): string {
  return place.split("node_modules/").at(-1) ?? place;
}
