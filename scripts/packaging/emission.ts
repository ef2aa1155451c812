// Turns the sources of packages/ into JavaScript and declarations with one run of tsc, file by file and without a bundler:
// what runs at a user's is laid out as it was written, stack traces name files one can read, worker threads are files already.
// Where the files of one package go, and what their imports become, is said in layout.ts.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Writes `<into>/<room>/src/**` as .js and .d.ts. Throws with the compiler's own words when it does not compile. */
export function emitPackages(root: string, into: string): void {
  const options = ["--noEmit", "false", "--rewriteRelativeImportExtensions", "--outDir", into];
  const tsc = join(root, "node_modules/.bin/tsc");
  const ran = spawnSync(tsc, ["--project", join(root, "tsconfig.packages.json"), ...options], { encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`The packages do not compile:\n${ran.stdout}${ran.stderr}`);
}
