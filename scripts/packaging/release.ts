// From sources to what would be published: emit once, then lay out and pack every package that is not private.
// Works in a temporary folder; the caller says where tarballs go, and may keep each dist/ beside its sources.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emitPackages } from "./emission.ts";
import { layOut } from "./layout.ts";
import type { Tarball } from "./tarball.ts";
import { pack, publishedManifest, undeclared } from "./tarball.ts";
import type { Package } from "./workspace.ts";
import { bundledWith, readPackages } from "./workspace.ts";

export interface Release {
  readonly root: string;
  readonly tarballsInto: string;
  /** Also write packages/<room>/dist, which their exports point to. */
  readonly keepsDist: boolean;
}

export function release({ root, tarballsInto, keepsDist }: Release): Tarball[] {
  const work = mkdtempSync(join(tmpdir(), "plumbline-build-"));
  try {
    const emitted = join(work, "emitted");
    emitPackages(root, emitted);
    const packages = readPackages(root);
    const published = [...packages.values()].filter(({ manifest }) => !manifest.private);
    return published.map((one) => {
      const stage = join(work, one.room);
      const dist = join(stage, "dist");
      const bundled = one.room === "plumbline" ? bundledWith(one, packages) : [];
      const imported = layOut({ published: one, bundled, packages, emitted, dist });
      const manifest = publishedManifest(one, bundled, packages, imported);
      const missing = undeclared(manifest, imported);
      if (missing.length > 0) throw new Error(`${manifest.name} imports ${missing.join(", ")} without declaring it.`);
      if (keepsDist) replaceDist(one, dist);
      return pack(root, one, manifest, stage, tarballsInto);
    });
  } finally {
    rmSync(work, { recursive: true });
  }
}

function replaceDist({ folder }: Package, dist: string): void {
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  cpSync(dist, join(folder, "dist"), { recursive: true });
}
