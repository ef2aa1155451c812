// Where the files of data/ lie.
// Boundary: a place only; who reads or writes which file stands in the file that does it.

export function dataFile(name: string): URL {
  return new URL(`../data/${name}`, import.meta.url);
}
