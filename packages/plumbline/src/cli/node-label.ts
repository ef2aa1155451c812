/**
 * What stands in a node's box in a diagram: its name and what it was told to do, line by line.
 *
 * Boundary: plan data to lines of text; boxes and arrows are mermaid.ts. Invariants: the same node gives the same lines;
 * defaults that everybody has are not said; whatever is in a name cannot break the diagram.
 */
import {
  formatMs,
  type PlanEnsemble,
  type PlanLoop,
  type PlanMap,
  type PlanNode,
  type PlanOwner,
  type PlanStep,
} from "@plumbline/core";
import { ifNobodyAnswers } from "./frame.ts";
import { cost, counted, plural } from "./phrase.ts";

export function labelOf(node: Exclude<PlanNode, PlanOwner>): string {
  return label([node.name, ...conditionOf(node), ...about(node)]);
}

/** What a node that opens scopes does with them; its name is the title of the box around them. */
export function headOf(node: PlanOwner, members: number): string {
  return label([...aboutScopes(node, members), ...conditionOf(node)]);
}

/** What comes out of the box. */
export function footOf({ kind }: PlanOwner): string {
  return { branch: "its answer", ensemble: "combined", map: "all answers", loop: "enough?" }[kind];
}

function conditionOf({ when }: PlanNode): string[] {
  return when ? ["when its condition holds"] : [];
}

function about(node: Exclude<PlanNode, PlanOwner>): string[] {
  switch (node.kind) {
    case "step":
      return aboutStep(node);
    case "approval": {
      const { desk, timeoutMs, breaker } = node;
      return [
        `desk ${desk}, ${formatMs(timeoutMs)}`,
        `if nobody answers: ${ifNobodyAnswers(node)}`,
        breaker ? `breaker after ${breaker.after} timeouts, for ${formatMs(breaker.openForMs)}` : "",
      ];
    }
    case "call":
      return [`calls the flow ${node.flow}`];
    case "sleep":
      return [node.forMs === undefined ? "sleeps until an instant" : `sleeps for ${formatMs(node.forMs)}`];
    case "signal":
      return [`waits for a signal, ${formatMs(node.timeoutMs)}`, `if nothing comes: ${ifNobodyAnswers(node)}`];
  }
}

function aboutScopes(node: PlanOwner, members: number): string[] {
  switch (node.kind) {
    case "branch":
      return ["one of these"];
    case "ensemble":
      return aboutEnsemble(node, members);
    case "map":
      return aboutMap(node);
    case "loop":
      return aboutLoop(node);
  }
}

function aboutStep({ stepKind, rungs, checks, compensation, cache, hedge }: PlanStep): string[] {
  const ladder = rungs.map(({ name }, place) => `${place + 1}. ${name}`);
  const limits = new Set(rungs.flatMap(({ limit }) => (limit ? [limit.name] : [])));
  return [
    stepKind === "read" && rungs.length === 1 ? "" : stepKind,
    rungs.length > 1 ? ladder.join("  ") : "",
    hedge ? `the next beside the first after ${formatMs(hedge.afterMs)}` : "",
    ...[...limits].map((name) => `shares ${name}`),
    cache ? `cached for ${formatMs(cache.maxAgeMs)}` : "",
    ...checked(checks),
    compensation ? "can be undone" : "",
  ];
}

function aboutEnsemble({ quorum, settle, below }: PlanEnsemble, members: number): string[] {
  return [
    `${quorum} of ${plural(members, "member")} must answer${settle === "quorum" ? ", the first count" : ""}`,
    below.kind === "fails" ? "" : "below that: a declared answer",
  ];
}

const whenItemFails = {
  fail: "one that fails fails all",
  drop: "one that fails is left out",
  collect: "one that fails stays as a failure",
};

function aboutMap({ concurrency, onFailure }: PlanMap): string[] {
  return ["for each item", `${counted(concurrency)} at once`, whenItemFails[onFailure]];
}

function aboutLoop({ maxTurns, maxCost, atLimit, checks }: PlanLoop): string[] {
  const most = maxCost ? ` or ${cost(maxCost.usd ?? 0, maxCost.tokens ?? 0)}` : "";
  const then = {
    fail: "else it fails",
    last: "else the last turn counts",
    function: "else an answer made of all turns",
  };
  return ["turn after turn", `at most ${plural(maxTurns, "turn")}${most}`, then[atLimit], ...checked(checks)];
}

export function checked(checks: readonly string[]): string[] {
  return checks.map((check) => `✓ ${check}`);
}

/** Quoted, with everything that Mermaid or HTML would read as more than text as entities. */
export function label(lines: readonly string[]): string {
  const text = lines
    .filter((line) => line !== "")
    .map((line) => line.replace(/[#"<>&`|{}[\]()\\]/g, (sign) => `#${sign.charCodeAt(0)};`))
    .join("<br/>");
  return `"${text}"`;
}
