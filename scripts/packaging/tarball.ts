// Makes the tarball of one published package: dist/, its launcher, README and licence, and the manifest users get.
// That manifest names what the bundled rooms depend on, and nothing of the workspace: no private package, no source condition.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, Package } from "./workspace.ts";

const maxUnpackedMegabytes = 5;

/** Not in the workspace's own manifests: npm on an older Node would warn of packages that run on the pinned one here. */
const engines = { node: ">=24" };

export interface Tarball {
  readonly name: string;
  readonly path: string;
  readonly unpackedBytes: number;
  readonly packedBytes: number;
  readonly fileCount: number;
}

export function publishedManifest(
  published: Package,
  bundled: readonly Package[],
  packages: ReadonlyMap<string, Package>,
  imported: ReadonlySet<string>,
): Manifest {
  const { devDependencies: _, ...manifest } = published.manifest;
  const all = [published, ...bundled].flatMap((one) => Object.entries(one.manifest.dependencies ?? {}));
  const dependencies = all.filter(([name]) => !packages.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  const exports = Object.entries(manifest.exports).map(([subpath, exported]) => [subpath, withoutSource(exported)]);
  // What is beside `plumbline` must meet the user's own copy of it, so as not to bring a second core.
  const own = Object.fromEntries(
    [...imported].filter((name) => packages.has(name)).map((name) => [name, `^${manifest.version}`]),
  );
  return {
    ...manifest,
    engines,
    exports: Object.fromEntries(exports),
    dependencies: Object.fromEntries(dependencies),
    peerDependencies: { ...manifest.peerDependencies, ...own },
  };
}

function withoutSource(exported: Manifest["exports"][string]): Manifest["exports"][string] {
  if (typeof exported === "string") return exported;
  return Object.fromEntries(Object.entries(exported).filter(([condition]) => condition !== "plumbline-source"));
}

/** Fails on what would break at a user's: a package imported and not declared, or a tarball that is too big. */
export function pack(root: string, published: Package, manifest: Manifest, stage: string, into: string): Tarball {
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
  for (const [name, from] of [
    ["README.md", published.folder],
    ["README.md", root],
    ["bin", published.folder],
  ] as const) {
    if (existsSync(join(from, name)) && !existsSync(join(stage, name)))
      cpSync(join(from, name), join(stage, name), { recursive: true });
  }
  mkdirSync(into, { recursive: true });
  const ran = spawnSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into], {
    cwd: stage,
    encoding: "utf8",
  });
  if (ran.status !== 0) throw new Error(`npm pack of ${manifest.name} failed:\n${ran.stdout}${ran.stderr}`);
  const [packed] = Object.values(JSON.parse(ran.stdout)) as {
    filename: string;
    size: number;
    unpackedSize: number;
    entryCount: number;
  }[];
  if (!packed) throw new Error(`npm pack of ${manifest.name} said nothing.`);
  if (packed.unpackedSize > maxUnpackedMegabytes * 1e6) {
    throw new Error(`${manifest.name} unpacks to ${packed.unpackedSize} bytes; at most ${maxUnpackedMegabytes} MB.`);
  }
  return {
    name: manifest.name,
    path: join(into, packed.filename.replace("@", "").replace("/", "-")),
    unpackedBytes: packed.unpackedSize,
    packedBytes: packed.size,
    fileCount: packed.entryCount,
  };
}

export function undeclared(manifest: Manifest, imported: ReadonlySet<string>): string[] {
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  return [...imported].filter((name) => name !== manifest.name && !(name in declared));
}
