// No drawer for everything: a file or folder is named after the noun inside it (design, sections 3 and 6).
// A file that only a word like "utils" fits holds things that belong elsewhere. kebab-case is Biome's to check.
import { isTest } from "./rooms.ts";
import type { SourceFile } from "./sources.ts";

const drawers = /^(utils?|types?|commons?|helpers?|managers?|misc|shared|lib)$/;

export function checkNames(files: readonly SourceFile[]): string[] {
  const problems = files.flatMap(({ path }) => {
    const parts = path.split("/");
    const stem = (parts.pop() ?? "").split(".")[0] ?? "";
    const lastWord = isTest(path) ? "" : (stem.split("-").at(-1) ?? "");
    const drawer = [...parts, ...(isTest(path) ? [] : [stem]), lastWord].find((part) => drawers.test(part));
    return drawer
      ? [`${path}: "${drawer}" names no thing. Name the file after the noun inside, or move its parts home.`]
      : [];
  });
  return [...new Set(problems)];
}
