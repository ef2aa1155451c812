// `npm run build`: makes what would be published. packages/<name>/dist for every package that is not private, and the tarballs
// in dist/ (publish those: their manifest differs from the workspace's). Prints sizes; fails above 5 MB unpacked.
// `node scripts/build.ts FOLDER` puts the tarballs into FOLDER and leaves the repository as it is.
import { join, resolve } from "node:path";
import { release } from "./packaging/release.ts";

const root = join(import.meta.dirname, "..");
const folder = process.argv[2];
try {
  const target = folder
    ? { tarballsInto: resolve(folder), keepsDist: false }
    : { tarballsInto: join(root, "dist"), keepsDist: true };
  for (const made of release({ root, ...target })) {
    const [unpacked, packed] = [made.unpackedBytes, made.packedBytes].map((bytes) => (bytes / 1e6).toFixed(2));
    console.log(`${made.name}: ${unpacked} MB unpacked, ${packed} MB packed, ${made.fileCount} files (${made.path})`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
