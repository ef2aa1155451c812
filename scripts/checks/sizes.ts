// Sizes, as a call to look: a file past 400 lines is to be split, a function past 70 lines has parts that want names.
// There is no list of exceptions. Tests are exempt from the size of functions (a `describe` is one), not from that of files.
import { isTest } from "./rooms.ts";
import type { SourceFile } from "./sources.ts";
import { lineOf, walkTree } from "./sources.ts";

const maxFileLines = 400;
const maxFunctionLines = 70;

export function checkSizes(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...longFile(file), ...(isTest(file.path) ? [] : longFunctions(file))]);
}

function longFile({ path, lineCount }: SourceFile): string[] {
  return lineCount > maxFileLines
    ? [`${path}: ${lineCount} lines, at most ${maxFileLines}. Split it along its nouns.`]
    : [];
}

function longFunctions({ path, text, tree }: SourceFile): string[] {
  const problems: string[] = [];
  if (!tree) return problems;
  walkTree(tree, (node, parent) => {
    if (
      node.type !== "FunctionDeclaration" &&
      node.type !== "FunctionExpression" &&
      node.type !== "ArrowFunctionExpression"
    )
      return;
    const first = lineOf(text, node.start);
    const lines = lineOf(text, node.end) - first + 1;
    if (lines <= maxFunctionLines) return;
    const named = [node["id"], parent?.["id"], parent?.["key"]].find(Boolean) as { name?: string } | undefined;
    problems.push(
      `${path}:${first} ${named?.name ?? "function"}: ${lines} lines, at most ${maxFunctionLines}. Give its parts names.`,
    );
  });
  return problems;
}
