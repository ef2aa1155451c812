/**
 * Judges a plan as data: everything that can be known to be wrong before a run exists.
 *
 * Boundary: reads plans (also stored ones, and ones that no builder made) and says what is wrong; changes nothing.
 * Invariant: every flaw names the step and how to mend it; `flawsOf` finds all of them, not the first.
 */

import type { NodeCode } from "./code.ts";
import { type ErrorCode, PlumblineError } from "./errors.ts";
import { inputNode, refsIn } from "./expression.ts";
import { type Plan, type PlanNode, type PlanScope, scopesOf } from "./plan.ts";
import type { Schema } from "./rung.ts";

export interface Flaw {
  readonly code: ErrorCode;
  readonly path: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly mend: string;
}

/** More nodes than this in one scope are a mistake: a map is the way to many. */
export const maxNodes = 10_000;

/** All flaws of a plan's structure. */
export function flawsOf(plan: Plan): Flaw[] {
  return plan.scopes.flatMap((scope) => [
    ...tooManyNodes(plan, scope),
    ...unknownNeeds(plan, scope),
    ...cycles(plan, scope),
    ...unreadNodes(plan, scope),
    ...missingVersions(plan, scope),
    ...answeredEffects(plan, scope),
  ]);
}

/** The schemas of a flow, where they are at hand: paths are then checked against those that describe themselves. */
export interface KnownSchemas {
  readonly input: Schema;
  readonly codes: readonly (readonly NodeCode[])[];
}

/** @throws PlumblineError with the code of the first flaw; the others are named in its message */
export function refuseFlaws(plan: Plan, schemas?: KnownSchemas): void {
  const flaws = [...flawsOf(plan), ...(schemas ? wrongPaths(plan, schemas) : [])];
  const [first, ...others] = flaws;
  if (!first) return;
  const rest = others.map((flaw) => `${flaw.path} (${flaw.code})`).join(", ");
  const what = rest === "" ? first.what : `${first.what}; also wrong: ${rest}`;
  throw new PlumblineError(first.code, what, first);
}

/** How paths in a scope begin: `` for the flow's own, `route.human.`, `pages[0].`, `refine[1].`, `score.`. */
function prefixOf(plan: Plan, scope: PlanScope, depth = 0): string {
  const { owner } = scope;
  const around = owner && plan.scopes[owner.scope];
  const node = owner && around?.nodes[owner.node];
  // A plan that no builder made may own itself.
  if (!around || !node || depth > plan.scopes.length) return "";
  const place = prefixOf(plan, around, depth + 1) + node.name;
  if (node.kind === "map") return `${place}[0].`;
  if (node.kind === "loop") return `${place}[1].`;
  const key =
    node.kind === "branch" ? Object.keys(node.cases).find((name) => node.cases[name] === scope.id) : undefined;
  return key === undefined ? `${place}.` : `${place}.${key}.`;
}

function tooManyNodes(plan: Plan, scope: PlanScope): Flaw[] {
  if (scope.nodes.length <= maxNodes) return [];
  return [
    {
      code: "flow-invalid",
      path: scope.id === 0 ? plan.flow : prefixOf(plan, scope).slice(0, -1),
      what: "too many steps in one scope",
      expected: `at most ${maxNodes}`,
      found: String(scope.nodes.length),
      mend: "use a map for many alike, or a sub-flow",
    },
  ];
}

function unknownNeeds(plan: Plan, scope: PlanScope): Flaw[] {
  const prefix = prefixOf(plan, scope);
  const known = (node: number) => node === inputNode || (Number.isInteger(node) && scope.nodes[node] !== undefined);
  const readers = [
    ...scope.nodes.map((node) => {
      return { path: prefix + node.name, reads: node.dependsOn.map((one) => one.node), by: node.needs };
    }),
    { path: answerOf(prefix), reads: scope.answerDependsOn.map((one) => one.node), by: scope.answer },
  ];
  return readers.flatMap(({ path, reads, by }) => {
    const all = [
      ...reads,
      ...refsIn(by)
        .filter((ref) => ref.scope === scope.id)
        .map((ref) => ref.node),
    ];
    const missing = all.find((node) => !known(node));
    if (missing === undefined) return [];
    return [
      {
        code: "need-unknown" as const,
        path,
        what: "needs a step that the plan does not have",
        expected: `a step from 0 to ${scope.nodes.length - 1}`,
        found: `step ${missing}`,
        mend: "make the plan with flow(), or name a step that exists",
      },
    ];
  });
}

function answerOf(prefix: string): string {
  return prefix === "" ? "the answer" : `the answer of ${prefix.slice(0, -1)}`;
}

/** Kahn's algorithm: what is left when no more nodes are free lies on a cycle or behind one. */
function cycles(plan: Plan, scope: PlanScope): Flaw[] {
  const readers = scope.nodes.map((): number[] => []);
  const waiting = scope.nodes.map(() => 0);
  for (const [index, node] of scope.nodes.entries()) {
    for (const need of new Set(node.dependsOn.map((one) => one.node))) {
      if (!readers[need]) continue;
      readers[need].push(index);
      waiting[index] = (waiting[index] as number) + 1;
    }
  }
  const free = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
  let settled = 0;
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    settled++;
    for (const index of readers[next] as number[]) {
      waiting[index] = (waiting[index] as number) - 1;
      if (waiting[index] === 0) free.push(index);
    }
  }
  if (settled === scope.nodes.length) return [];
  const stuck = scope.nodes.filter((_, index) => (waiting[index] as number) > 0).map((node) => node.name);
  return [
    {
      code: "need-cycle",
      path: prefixOf(plan, scope) + stuck[0],
      what: "steps wait for each other",
      expected: "a graph without cycles",
      found: `a cycle among ${stuck.join(", ")}`,
      mend: "take one of the needs away; to repeat steps, use a loop",
    },
  ];
}

/** What changes nothing and waits for nobody is there for its answer alone. */
function isForItsAnswer(plan: Plan, node: PlanNode, depth = 0): boolean {
  if (node.kind === "step") return node.stepKind !== "effect";
  const scopes = scopesOf(node);
  if (scopes.length === 0 || depth > plan.scopes.length) return false;
  const inside = scopes.flatMap((scope) => plan.scopes[scope]?.nodes ?? []);
  return inside.every((one) => isForItsAnswer(plan, one, depth + 1));
}

function unreadNodes(plan: Plan, scope: PlanScope): Flaw[] {
  const read = new Set(scope.answerDependsOn.map((one) => one.node));
  for (const node of scope.nodes) for (const dependency of node.dependsOn) read.add(dependency.node);
  return scope.nodes.flatMap((node, index) => {
    if (read.has(index) || !isForItsAnswer(plan, node)) return [];
    const [what, found, mend] =
      node.kind === "step"
        ? ["step", `a ${node.stepKind} step`, 'take the step away, or declare kind: "effect" if it changes the world']
        : [
            node.kind,
            `${node.kind === "ensemble" ? "an" : "a"} ${node.kind} without an effect, an approval or a call`,
            `take the ${node.kind} away`,
          ];
    return [
      {
        code: "step-unread" as const,
        path: prefixOf(plan, scope) + node.name,
        what: `nobody reads this ${what}, so it can reach no answer`,
        expected: "its reference in the needs of another step or in what build returns",
        found: `${found} that leads nowhere`,
        mend: `use its reference, ${mend}`,
      },
    ];
  });
}

function missingVersions(plan: Plan, scope: PlanScope): Flaw[] {
  return scope.nodes.flatMap((node) => {
    if (node.kind !== "step" || node.version !== undefined) return [];
    const keeps = node.cache
      ? "a cache"
      : node.rungs.some((rung) => rung.kind === "last-good")
        ? "lastGood"
        : undefined;
    if (keeps === undefined) return [];
    return [
      {
        code: "version-missing" as const,
        path: prefixOf(plan, scope) + node.name,
        what: `${keeps} without a version would serve answers of older code`,
        expected: 'version: "1" beside output',
        found: "no version",
        mend: "add a version, and raise it when prompt or code changes what comes out",
      },
    ];
  });
}

/**
 * An answer of another run says nothing about what was done in this one, and two rungs at the same time would do it twice
 * (rule 7).
 */
function answeredEffects(plan: Plan, scope: PlanScope): Flaw[] {
  return scope.nodes.flatMap((node) => {
    if (node.kind !== "step" || node.stepKind !== "effect") return [];
    const never = (option: string, what: string, found: string): Flaw => ({
      code: "option-invalid",
      path: prefixOf(plan, scope) + node.name,
      what,
      expected: "rungs that do the effect, one after the other",
      found,
      mend: `take ${option} away, or make the step kind: "read" if it changes nothing`,
    });
    const fromCache = "an effect is never answered from a cache";
    const isLastGood = node.rungs.some((rung) => rung.kind === "last-good");
    return [
      ...(isLastGood ? [never("lastGood", fromCache, "lastGood in the ladder of an effect")] : []),
      ...(node.cache ? [never("cache", fromCache, "cache beside an effect")] : []),
      ...(node.hedge
        ? [never("hedge", "an effect is never tried twice at the same time", "hedge beside an effect")]
        : []),
    ];
  });
}

interface JsonSchema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: unknown;
}

/** Reads `schema` as JSON Schema where it can describe itself; undefined where it cannot. */
export function jsonSchemaOf(schema: Schema, side: "input" | "output"): JsonSchema | undefined {
  try {
    const describes = (schema["~standard"] as { jsonSchema?: Record<string, (options: object) => JsonSchema> })
      .jsonSchema;
    return describes?.[side]?.({ target: "draft-2020-12" });
  } catch {
    return undefined; // some types (dates, transforms) have no JSON Schema; the path is then checked by types alone
  }
}

function wrongPaths(plan: Plan, schemas: KnownSchemas): Flaw[] {
  const described = new Map<string, JsonSchema | undefined>();
  return plan.scopes.flatMap((scope) => {
    const prefix = prefixOf(plan, scope);
    const readers = [
      ...scope.nodes.map((node) => ({ path: prefix + node.name, by: node.needs })),
      { path: answerOf(prefix), by: scope.answer },
    ];
    return readers.flatMap(({ path, by }) =>
      refsIn(by).flatMap((ref) => wrongPath(plan, schemas, described, path, ref)),
    );
  });
}

type Ref = ReturnType<typeof refsIn>[number];

function wrongPath(
  plan: Plan,
  schemas: KnownSchemas,
  described: Map<string, JsonSchema | undefined>,
  path: string,
  ref: Ref,
): Flaw[] {
  if (ref.path.length === 0) return [];
  const schema = schemaOf(schemas, ref);
  if (!schema) return [];
  const place = `${ref.scope}/${ref.node}`;
  if (!described.has(place)) described.set(place, jsonSchemaOf(schema, "output"));
  // A decision has two fields more than its contract: they say who decided.
  const node = plan.scopes[ref.scope]?.nodes[ref.node];
  const added = node?.kind === "approval" ? ["via", "by"] : [];
  const missing = firstMissing(described.get(place), ref.path, added);
  if (missing === undefined) return [];
  const from = node?.name ?? "input";
  return [
    {
      code: "reference-path",
      path,
      what: `reads ${[from, ...ref.path].join(".")}, which the contract does not have`,
      expected: `one of ${missing.known.join(", ")}`,
      found: missing.field,
      mend: "correct the path, or add the field to that contract",
    },
  ];
}

/** The contract of what a reference reads, where it has one of its own. */
function schemaOf({ input, codes }: KnownSchemas, { scope, node }: Ref): Schema | undefined {
  if (node === inputNode) return scope === 0 ? input : undefined;
  const code = codes[scope]?.[node];
  switch (code?.kind) {
    case "step":
    case "loop":
      return code.output;
    case "approval":
      return code.decision;
    case "signal":
      return code.schema;
    case "call":
      return code.flow?.code.output;
    default:
      return undefined;
  }
}

function firstMissing(schema: JsonSchema | undefined, path: readonly string[], added: readonly string[]) {
  let at = schema;
  for (const [depth, field] of path.entries()) {
    if (at?.type !== "object" || !at.properties) return undefined;
    const more = depth === 0 ? added : [];
    if (more.includes(field)) return undefined;
    if (!Object.hasOwn(at.properties, field)) {
      const open = at.additionalProperties !== undefined && at.additionalProperties !== false;
      return open ? undefined : { field, known: [...Object.keys(at.properties), ...more] };
    }
    at = at.properties[field];
  }
  return undefined;
}
