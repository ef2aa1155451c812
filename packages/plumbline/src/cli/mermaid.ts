/**
 * A plan as a Mermaid flowchart: kinds, ladders, approvals, conditions, and which fields go where.
 *
 * Boundary: plan data to text, no flow code. Invariants: the same plan gives the same text; whatever is in a name cannot
 * break the diagram; what a reader does without is drawn dotted.
 */
import { formatMs, inputNode, type Plan, type PlanNode, type PlanScope, refsIn } from "@plumbline/core";
import { ifNobodyAnswers } from "./frame.ts";

export function mermaidOf(plan: Plan): string {
  const scope = plan.scopes[0] as PlanScope;
  const lines = ["flowchart TD", `  input([${label(["input"])}])`];
  for (const [index, node] of scope.nodes.entries()) lines.push(`  ${boxOf(index, node)}`);
  lines.push(`  answer([${label(["answer", ...plan.checks.map((check) => `✓ ${check}`)])}])`);
  for (const [index, node] of scope.nodes.entries()) lines.push(...arrowsInto(`n${index}`, node));
  lines.push(...arrowsInto("answer", { needs: scope.answer, dependsOn: scope.answerDependsOn }));
  const steps = scope.nodes.map((node, index) => [`n${index}`, classOf(node)] as const);
  for (const name of ["pure", "read", "effect", "approval"]) {
    const members = steps.filter(([, own]) => own === name).map(([id]) => id);
    if (members.length > 0) lines.push(`  class ${members.join(",")} ${name}`);
  }
  return `${[...lines, ...styles].join("\n")}\n`;
}

const styles = [
  "  classDef pure fill:#f4f4f5,stroke:#a1a1aa,color:#18181b",
  "  classDef read fill:#eff6ff,stroke:#60a5fa,color:#172554",
  "  classDef effect fill:#fff7ed,stroke:#f97316,color:#431407,stroke-width:2px",
  "  classDef approval fill:#ecfeff,stroke:#06b6d4,color:#083344",
];

function classOf(node: PlanNode): string {
  return node.kind === "step" ? node.stepKind : node.kind;
}

function boxOf(index: number, node: PlanNode): string {
  const text = label([node.name, ...(node.when ? ["when its condition holds"] : []), ...about(node)]);
  if (node.kind === "approval") return `n${index}{{${text}}}`;
  return node.kind === "step" && node.stepKind === "effect" ? `n${index}[[${text}]]` : `n${index}[${text}]`;
}

function about(node: PlanNode): string[] {
  if (node.kind === "approval") {
    const { desk, timeoutMs, breaker } = node;
    return [
      `desk ${desk}, ${formatMs(timeoutMs)}`,
      `if nobody answers: ${ifNobodyAnswers(node)}`,
      ...(breaker ? [`breaker after ${breaker.after} timeouts, for ${formatMs(breaker.openForMs)}`] : []),
    ];
  }
  if (node.kind !== "step") return [node.kind];
  const ladder = node.rungs.map(({ name }) => name);
  return [
    node.stepKind === "read" && ladder.length === 1 ? "" : node.stepKind,
    ladder.length > 1 ? ladder.map((name, place) => `${place + 1}. ${name}`).join("  ") : "",
    ...node.checks.map((check) => `✓ ${check}`),
    node.compensation ? "can be undone" : "",
  ].filter((line) => line !== "");
}

/** One arrow for each thing that is read, with the fields on it. */
function arrowsInto(id: string, { needs, dependsOn }: Pick<PlanNode, "needs" | "dependsOn">): string[] {
  const fields = new Map<number, Set<string>>();
  for (const { node, path } of refsIn(needs)) fields.set(node, (fields.get(node) ?? new Set()).add(path.join(".")));
  const absorbing = new Set(dependsOn.filter(({ absorbs }) => absorbs !== "nothing").map(({ node }) => node));
  const reads = [...fields].map(([from, paths]) => arrow(from, id, [...paths], absorbing.has(from)));
  const order = dependsOn.filter(({ node }) => !fields.has(node));
  return [...reads, ...order.map(({ node }) => `  n${node} -.->|after| ${id}`)];
}

function arrow(from: number, to: string, paths: readonly string[], optional: boolean): string {
  const source = from === inputNode ? "input" : `n${from}`;
  const named = paths.filter((path) => path !== "");
  const shown = named.length > 3 ? [...named.slice(0, 3), "…"] : named;
  const text = named.length === paths.length && shown.length > 0 ? `|${label([shown.join(", ")])}|` : "";
  return `  ${source} ${optional ? "-.->" : "-->"}${text} ${to}`;
}

/** Quoted, with everything that Mermaid or HTML would read as more than text as entities. */
function label(lines: readonly string[]): string {
  const text = lines
    .map((line) => line.replace(/[#"<>&`|{}[\]()\\]/g, (sign) => `#${sign.charCodeAt(0)};`))
    .join("<br/>");
  return `"${text}"`;
}
