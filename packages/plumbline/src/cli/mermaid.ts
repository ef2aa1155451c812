/**
 * A plan as a Mermaid flowchart: nodes with what they do, nested scopes as boxes around theirs, and which fields go where.
 *
 * Boundary: plan data to text, no flow code; what stands in a box is node-label.ts. Invariants: the same plan gives the
 * same text; ids are numbers, so that no name can break the diagram; what a reader does without is drawn dotted; an arrow
 * goes from what is read to what reads it, across scopes too; what a node that opens scopes reads goes to the head of its box, and what reads it begins at the
 * foot.
 */
import {
  type Expression,
  inputNode,
  isOwner,
  type Plan,
  type PlanBranch,
  type PlanNode,
  type PlanOwner,
  type PlanScope,
} from "@plumbline/core";
import { checked, footOf, headOf, label, labelOf } from "./node-label.ts";

export function mermaidOf(plan: Plan): string {
  const root = plan.scopes[0] as PlanScope;
  const drawing = new Drawing(plan);
  drawing.box(`input([${label(["input"])}])`);
  drawing.scope(root);
  drawing.box(`answer([${label(["answer", ...checked(plan.checks)])}])`);
  drawing.arrowsInto("answer", [root.answer]);
  return drawing.text();
}

type Ref = Extract<Expression, { kind: "ref" }>;
/** A reference, and whether its reader does without it. */
type Reading = readonly [ref: Ref, absorbed: boolean];

const classes = {
  pure: "fill:#f4f4f5,stroke:#a1a1aa,color:#18181b",
  read: "fill:#eff6ff,stroke:#60a5fa,color:#172554",
  effect: "fill:#fff7ed,stroke:#f97316,color:#431407,stroke-width:2px",
  approval: "fill:#ecfeff,stroke:#06b6d4,color:#083344",
  signal: "fill:#ecfeff,stroke:#06b6d4,color:#083344",
  sleep: "fill:#f4f4f5,stroke:#a1a1aa,color:#18181b",
  called: "fill:#f5f3ff,stroke:#8b5cf6,color:#2e1065",
  edge: "fill:#ffffff,stroke:#a1a1aa,color:#52525b",
  scope: "fill:#fafafa,stroke:#71717a,color:#18181b",
  inner: "fill:#ffffff,stroke:#a1a1aa,color:#18181b,stroke-dasharray:4 3",
} as const;
type Class = keyof typeof classes;

class Drawing {
  private readonly plan: Plan;
  private readonly boxes: string[] = [];
  private readonly arrows: string[] = [];
  private readonly members = new Map<Class, string[]>();
  /** Of maps and loops that are being drawn: what stands for the item, or the turn before, by scope. */
  private readonly heads = new Map<number, string>();
  private depth = 1;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  text(): string {
    const used = (Object.keys(classes) as Class[]).filter((name) => this.members.has(name));
    const lines = [
      "flowchart TD",
      ...this.boxes,
      ...this.arrows,
      ...used.map((name) => `  class ${this.members.get(name)?.join(",")} ${name}`),
      ...used.map((name) => `  classDef ${name} ${classes[name]}`),
    ];
    return `${lines.join("\n")}\n`;
  }

  box(line: string): void {
    this.boxes.push(`${"  ".repeat(this.depth)}${line}`);
  }

  scope(scope: PlanScope): void {
    for (const [index, node] of scope.nodes.entries()) this.node(scope, index, node);
  }

  private node(scope: PlanScope, index: number, node: PlanNode): void {
    const id = nodeId(scope.id, index);
    const reader = entryId(scope.id, index, node);
    if (isOwner(node)) this.owner(id, node);
    else {
      this.box(boxOf(id, node));
      this.paint(classOf(node), id);
    }
    if (!this.isMember(scope)) this.arrowsInto(reader, [node.needs]);
    for (const after of node.after ?? []) this.after(reader, after);
  }

  /** A box with a head, from which all that is inside begins, and a foot, where it ends: what is read of it is read there. */
  private owner(id: string, node: PlanOwner): void {
    const scope = node.kind === "branch" ? undefined : (this.plan.scopes[node.scope] as PlanScope);
    this.around(id, label([node.name]), "scope", () => {
      const [head, foot] = [headId(id), footId(id)];
      const text = headOf(node, scope?.nodes.length ?? 0);
      this.box(node.kind === "branch" ? `${head}{${text}}` : `${head}([${text}])`);
      if (node.kind === "branch") this.cases(id, node);
      else if (scope) this.inside(head, foot, scope);
      const last = label([footOf(node)]);
      this.box(node.kind === "loop" ? `${foot}{${last}}` : `${foot}([${last}])`);
      // A line without a direction: an arrow back would turn the picture of the loop upside down.
      if (node.kind === "loop") this.arrow(`${head} -.-|${label(["next turn"])}| ${foot}`);
      this.paint("edge", head);
      this.paint("edge", foot);
    });
  }

  private around(id: string, title: string, name: Class, draw: () => void): void {
    this.box(`subgraph ${id}[${title}]`);
    this.depth++;
    draw();
    this.depth--;
    this.box("end");
    this.paint(name, id);
  }

  private cases(id: string, { cases }: PlanBranch): void {
    for (const [index, [name, number]] of Object.entries(cases).entries()) {
      const scope = this.plan.scopes[number] as PlanScope;
      const caseId = `${id}c${index}`;
      if (scope.nodes.length > 0) {
        this.around(caseId, label([name]), "inner", () => this.inside(headId(id), footId(id), scope));
        continue;
      }
      this.box(`${caseId}([${label([name, "answers at once"])}])`);
      this.paint("edge", caseId);
      this.arrow(`${headId(id)} --> ${caseId}`);
      this.arrowsInto(caseId, [scope.answer]);
      this.arrow(`${caseId} --> ${footId(id)}`);
    }
  }

  /** The nodes of a scope, with the ways from the head to those that begin and from those that answer to the foot. */
  private inside(head: string, foot: string, scope: PlanScope): void {
    this.heads.set(scope.id, head);
    this.scope(scope);
    const isHere = ([ref]: Reading) => ref.scope === scope.id;
    for (const [index, node] of scope.nodes.entries()) {
      const reads = [node.needs, ...(node.after ?? [])].flatMap((expression) => readingsIn(expression));
      if (!reads.some(isHere)) this.arrow(`${head} --> ${entryId(scope.id, index, node)}`);
    }
    const answering = readingsIn(scope.answer);
    this.readingsInto(foot, answering);
    if (answering.some(isHere)) return;
    for (const [index, node] of scope.nodes.entries()) {
      if (node.dependents.length === 0) this.arrow(`${this.sourceId(scope.id, index)} --> ${foot}`);
    }
  }

  /** One arrow for each thing that is read, with the fields on it. */
  arrowsInto(id: string, expressions: readonly Expression[]): void {
    this.readingsInto(
      id,
      expressions.flatMap((expression) => readingsIn(expression)),
    );
  }

  private readingsInto(id: string, readings: readonly Reading[]): void {
    const sources = new Map<string, { readonly paths: Set<string>; absorbed: boolean }>();
    for (const [{ scope, node, path }, absorbed] of readings) {
      const from = this.sourceId(scope, node);
      const known = sources.get(from) ?? { paths: new Set(), absorbed };
      sources.set(from, known);
      known.paths.add(path.slice(scope !== 0 && node === inputNode ? givenLength(path) : 0).join("."));
      known.absorbed &&= absorbed;
    }
    for (const [from, { paths, absorbed }] of sources) {
      this.arrow(`${from} ${absorbed ? "-.->" : "-->"}${fieldsOn([...paths])} ${id}`);
    }
  }

  private after(id: string, expression: Expression): void {
    for (const [{ scope, node }] of readingsIn(expression))
      this.arrow(`${this.sourceId(scope, node)} -.->|after| ${id}`);
  }

  /** The members' needs are the ensemble's own, and drawn there. */
  private isMember({ owner }: PlanScope): boolean {
    return owner !== undefined && this.plan.scopes[owner.scope]?.nodes[owner.node]?.kind === "ensemble";
  }

  private sourceId(scope: number, node: number): string {
    if (node === inputNode) return this.heads.get(scope) ?? "input";
    const read = this.plan.scopes[scope]?.nodes[node];
    return read && isOwner(read) ? footId(nodeId(scope, node)) : nodeId(scope, node);
  }

  private arrow(line: string): void {
    this.arrows.push(`  ${line}`);
  }

  private paint(name: Class, id: string): void {
    this.members.set(name, [...(this.members.get(name) ?? []), id]);
  }
}

/** `call` means something to Mermaid. */
function classOf(node: Exclude<PlanNode, PlanOwner>): Class {
  if (node.kind === "call") return "called";
  return node.kind === "step" ? node.stepKind : node.kind;
}

function nodeId(scope: number, node: number): string {
  return scope === 0 ? `n${node}` : `s${scope}n${node}`;
}

function headId(id: string): string {
  return `${id}head`;
}

function footId(id: string): string {
  return `${id}foot`;
}

/** Where a node is entered. */
function entryId(scope: number, index: number, node: PlanNode): string {
  const id = nodeId(scope, index);
  return isOwner(node) ? headId(id) : id;
}

/** `item` and `previous` are the box itself; `index`, `turn` and `turns` are named on the arrow. */
function givenLength([first]: readonly string[]): number {
  return first === "item" || first === "previous" ? 1 : 0;
}

function boxOf(id: string, node: Exclude<PlanNode, PlanOwner>): string {
  const text = labelOf(node);
  switch (node.kind) {
    case "approval":
    case "signal":
      return `${id}{{${text}}}`;
    case "sleep":
      return `${id}(${text})`;
    case "call":
      return `${id}[/${text}/]`;
    default:
      return node.kind === "step" && node.stepKind === "effect" ? `${id}[[${text}]]` : `${id}[${text}]`;
  }
}

function fieldsOn(paths: readonly string[]): string {
  const named = paths.filter((path) => path !== "");
  const shown = named.length > 3 ? [...named.slice(0, 3), "…"] : named;
  return named.length === paths.length && shown.length > 0 ? `|${label([shown.join(", ")])}|` : "";
}

/** Every reference in an expression, in reading order. */
function readingsIn(expression: Expression, absorbed = false): Reading[] {
  switch (expression.kind) {
    case "ref":
      return [[expression, absorbed]];
    case "object":
      return Object.values(expression.fields).flatMap((field) => readingsIn(field, absorbed));
    case "list":
      return expression.items.flatMap((item) => readingsIn(item, absorbed));
    case "optional":
      return readingsIn(expression.of, true);
    case "first":
      return expression.of.flatMap((member) => readingsIn(member, true));
    case "constant":
      return [];
  }
}
