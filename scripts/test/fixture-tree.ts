// A small source tree in a temporary folder for the checks to judge: paths and texts in, problems out. Removed when disposed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkHouse } from "../checks/house.ts";

/** Rooms of the tree get a package.json exporting ./src/index.ts, as in the house. */
export function problemsIn(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), "plumbline-check-"));
  try {
    const folders = new Set(Object.keys(files).map((path) => path.split("/").slice(0, 2).join("/")));
    for (const folder of folders) {
      if (/^(packages|apps|examples)\//.test(folder)) write(root, `${folder}/package.json`, manifest(folder));
    }
    for (const [path, text] of Object.entries(files)) write(root, path, text);
    return checkHouse(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function manifest(folder: string): string {
  const room = folder.split("/")[1];
  const name = room === "plumbline" ? room : `@plumbline/${room}`;
  return JSON.stringify({
    name,
    exports: { ".": { "plumbline-source": "./src/index.ts", default: "./dist/index.js" } },
  });
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
