// Core is pure: no clock, no timer, no chance, no process, no output. This finds the globals that would let them in.
// It looks at names and not at scopes, on purpose: a local called `process` would only make the rule harder to see.
import { isTest, roomOf } from "./rooms.ts";
import type { SourceFile, SyntaxNode } from "./sources.ts";
import { lineOf, walkTree } from "./sources.ts";

const mend: Readonly<Record<string, string>> = {
  clock: "time enters only through entries and arguments (`now`)",
  timer: "core decides an instant; the engine waits for it",
  chance: "chance enters only through entries and arguments",
  outside: "core touches nothing outside itself",
};

const banned: Readonly<Record<string, keyof typeof mend>> = {
  performance: "clock",
  Temporal: "clock",
  setTimeout: "timer",
  setInterval: "timer",
  setImmediate: "timer",
  queueMicrotask: "timer",
  requestAnimationFrame: "timer",
  crypto: "chance",
  FinalizationRegistry: "chance",
  WeakRef: "chance",
  process: "outside",
  globalThis: "outside",
  global: "outside",
  console: "outside",
  fetch: "outside",
  require: "outside",
  eval: "outside",
};

export function checkPurity(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => roomOf(path) === "core" && !isTest(path))
    .flatMap((file) => {
      const problems: string[] = [];
      if (!file.tree) return problems;
      walkTree(file.tree, (node, parent, key) => {
        const found = impurity(node, parent, key);
        if (!found) return;
        problems.push(`${file.path}:${lineOf(file.text, node.start)} ${found.what}: core is pure; ${mend[found.why]}.`);
      });
      return problems;
    });
}

interface Impurity {
  readonly what: string;
  readonly why: keyof typeof mend;
}

function impurity(node: SyntaxNode, parent: SyntaxNode | undefined, key: string): Impurity | undefined {
  if (node.type === "ImportExpression") return { what: "import()", why: "outside" };
  if (node.type !== "Identifier" || isMereName(parent, key)) return undefined;
  const name = String(node["name"]);
  const why = banned[name];
  if (why) return { what: name, why };
  if (name === "Math") return impureMath(parent, key);
  if (name === "Date") return impureDate(parent, key);
  return undefined;
}

/** A property, a key, a label or a type's member: a name that reads no global. */
function isMereName(parent: SyntaxNode | undefined, key: string): boolean {
  if (!parent) return false;
  if (parent.type.startsWith("TS") && key !== "expression") return true;
  if (parent.type === "MemberExpression") return key === "property" && !parent["computed"];
  if (parent.type === "ImportSpecifier" || parent.type === "ExportSpecifier") return key !== "local";
  const isKey = key === "key" && !parent["computed"] && !parent["shorthand"];
  return isKey || key === "label";
}

function impureMath(parent: SyntaxNode | undefined, key: string): Impurity | undefined {
  const member =
    parent?.type === "MemberExpression" && key === "object" && !parent["computed"] ? parent["property"] : undefined;
  const name = (member as SyntaxNode | undefined)?.["name"];
  if (name === "random") return { what: "Math.random", why: "chance" };
  return name === undefined ? { what: "Math as a value", why: "chance" } : undefined;
}

/** `new Date(x)`, `Date.parse`, `Date.UTC` and `instanceof Date` are pure; all else can tell the time. */
function impureDate(parent: SyntaxNode | undefined, key: string): Impurity | undefined {
  if (parent?.type === "NewExpression" && key === "callee") {
    return (parent["arguments"] as unknown[]).length > 0 ? undefined : { what: "new Date()", why: "clock" };
  }
  if (parent?.type === "BinaryExpression" && parent["operator"] === "instanceof") return undefined;
  if (parent?.type !== "MemberExpression" || key !== "object" || parent["computed"])
    return { what: "Date as a value", why: "clock" };
  const member = (parent["property"] as SyntaxNode)["name"];
  return member === "now" ? { what: "Date.now", why: "clock" } : undefined;
}
