// The packages of the house as their manifests say: which are published (not private), which are rooms bundled into `plumbline`.
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  /** By subpath: a file, or a file by condition. */
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface Package {
  /** The folder's name below packages/, which is the room's name. */
  readonly room: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

export function readPackages(root: string): ReadonlyMap<string, Package> {
  const packages = globSync("packages/*/package.json", { cwd: root }).map((path): Package => {
    const manifest = JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest;
    return { room: basename(dirname(path)), folder: join(root, dirname(path)), manifest };
  });
  return new Map(packages.map((one) => [one.manifest.name, one]));
}

/** The private packages that come with `start`: its workspace dependencies, and theirs. */
export function bundledWith(start: Package, packages: ReadonlyMap<string, Package>): Package[] {
  const found = new Set<Package>();
  const visit = (one: Package): void => {
    for (const name of Object.keys(one.manifest.dependencies ?? {})) {
      const dependency = packages.get(name);
      if (!dependency?.manifest.private || found.has(dependency)) continue;
      found.add(dependency);
      visit(dependency);
    }
  };
  visit(start);
  return [...found];
}
