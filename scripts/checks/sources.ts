// Reads the repository's source files once for every check: path, text, lines, syntax tree and imports (of types too).
// Knows files and syntax; what is allowed among them is the business of the checks beside it.
import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join, relative, sep } from "node:path";
import { parseSync, visitorKeys } from "oxc-parser";

/** A node of the syntax tree, as far as the checks look at it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** One module named by another: `import`, `export from`, `import()`, a type's `import("…")`, or `new URL("…", import.meta.url)`. */
export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly via: "import" | "url";
  /** Where the specifier stands, quotes included. */
  readonly start: number;
  readonly end: number;
}

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  /** Absent for files that are no script, such as a style sheet. */
  readonly tree: SyntaxNode | undefined;
  readonly imports: readonly Import[];
  readonly syntaxErrors: readonly string[];
}

const parsed = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx"]);
const counted = new Set([...parsed, ".css", ".sql"]);
const skipped = new Set(["node_modules", "dist", "coverage", "data", "samples"]);

export function readSources(root: string): SourceFile[] {
  return sourcePaths(root).map((path) => readSource(root, path));
}

function sourcePaths(root: string): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".") || skipped.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (counted.has(extname(entry.name))) found.push(relative(root, path).split(sep).join("/"));
    }
  };
  walk(root);
  return found.sort();
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  return parseSource(path, text);
}

export function parseSource(path: string, text: string): SourceFile {
  const lineCount = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  if (!parsed.has(extname(path))) return { path, text, lineCount, tree: undefined, imports: [], syntaxErrors: [] };
  const result = parseSync(basename(path), text);
  const tree = result.program as unknown as SyntaxNode;
  const syntaxErrors = result.errors.map((error) => error.message);
  return { path, text, lineCount, tree, imports: importsOf(tree), syntaxErrors };
}

/** Calls `visit` for every node below and including `node`, parents first. */
export function walkTree(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined, key: string) => void,
): void {
  const descend = (current: SyntaxNode, parent: SyntaxNode | undefined, parentKey: string): void => {
    visit(current, parent, parentKey);
    for (const key of visitorKeys[current.type] ?? []) {
      const child = current[key];
      if (Array.isArray(child)) {
        for (const item of child) if (item) descend(item as SyntaxNode, current, key);
      } else if (child) descend(child as SyntaxNode, current, key);
    }
  };
  descend(node, undefined, "");
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function importsOf(tree: SyntaxNode): Import[] {
  const imports: Import[] = [];
  walkTree(tree, (node) => {
    const found = importIn(node);
    if (found) imports.push(found);
  });
  return imports;
}

function importIn(node: SyntaxNode): Import | undefined {
  switch (node.type) {
    case "ImportDeclaration":
      return namedBy(node["source"], node["importKind"] === "type");
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return namedBy(node["source"], node["exportKind"] === "type");
    case "TSImportType":
      return namedBy(node["source"], true);
    case "ImportExpression":
      return namedBy(node["source"], false);
    case "TSExternalModuleReference":
      return namedBy(node["expression"], false);
    case "NewExpression":
      return urlIn(node);
    default:
      return undefined;
  }
}

function namedBy(literal: unknown, typeOnly: boolean, via: Import["via"] = "import"): Import | undefined {
  const node = literal as SyntaxNode | null | undefined;
  if (node?.type !== "Literal" || typeof node["value"] !== "string") return undefined;
  return { specifier: node["value"], typeOnly, via, start: node.start, end: node.end };
}

/** `new URL("./worker.ts", import.meta.url)`: how a worker thread or a file beside the source is named. */
function urlIn(node: SyntaxNode): Import | undefined {
  const callee = node["callee"] as SyntaxNode;
  const [target, base] = node["arguments"] as SyntaxNode[];
  if (callee.type !== "Identifier" || callee["name"] !== "URL" || base?.type !== "MemberExpression") return undefined;
  const isOwnUrl =
    (base["object"] as SyntaxNode).type === "MetaProperty" && (base["property"] as SyntaxNode)["name"] === "url";
  return isOwnUrl ? namedBy(target, false, "url") : undefined;
}
