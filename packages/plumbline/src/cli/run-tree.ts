/**
 * Which nodes of a run have a line, and where: each below the node whose scope it lies in.
 *
 * Boundary: the folded state to an order, names and reports; a line is step-line.ts. Invariants: the number of lines is
 * bounded by the plan and never by the length of an array or the number of turns: of a long map the items in motion and
 * those that failed, of a loop the last turn; name and indent together are the node's path.
 */
import { type Frame, type Inside, type RunState, type Slot, type StepReport, stepsOf } from "@plumbline/core";
import { columnsOf } from "./phrase.ts";

/** One line. */
export interface Branchlet {
  readonly slot: Slot;
  readonly report: StepReport;
  /** Its path from the node around it on, indented. */
  readonly name: string;
}

/** Items of one map that have lines; of a map of at most so many, all. */
const maxItems = 5;
const maxNameColumns = 32;

export function treeOf(state: RunState): readonly Branchlet[] {
  const [root] = state.frames;
  if (!root) return [];
  const lines: { readonly slot: Slot; readonly name: string }[] = [];
  collect(root, "", "");
  // Reports are made for what is shown only: a run may have very many slots.
  const shown = { ...state, slots: lines.map(({ slot }) => slot) };
  const reports = stepsOf(shown);
  return lines.map((line, index) => ({ ...line, report: reports[index] as StepReport }));

  function collect(frame: Frame, indent: string, prefix: string): void {
    for (const [index, node] of frame.scope.nodes.entries()) {
      const slot = state.slots[frame.base + index];
      if (!slot) continue;
      lines.push({ slot, name: `${indent}${prefix}${node.name}` });
      for (const inner of shownFrames(slot)) collect(inner, `${indent}  `, ownPrefix(slot, inner));
    }
  }
}

/** `human.`, `[3].`; empty for members. */
function ownPrefix({ inside, node }: Slot, { prefix, key }: Frame): string {
  if (key === undefined) return "";
  if (typeof key === "string") return `${key}.`;
  return inside && node.kind === "map" ? prefix.slice(prefix.lastIndexOf("[")) : `[${key}].`;
}

function shownFrames({ node, inside }: Slot): readonly Frame[] {
  if (!inside) return [];
  if (node.kind === "loop") return inside.frames.slice(-1);
  return node.kind === "map" && inside.items.length > maxItems ? itemsToShow(inside) : inside.frames;
}

function itemsToShow({ frames, failures }: Inside): readonly Frame[] {
  const moving = frames.filter(({ phase }) => phase !== "ended");
  const failed = frames.filter((frame) => frame.failed !== undefined || failures.has(frame.key as number));
  return [...new Set([...moving, ...failed])].slice(0, maxItems);
}

export function nameColumnsOf(tree: readonly Branchlet[]): number {
  return Math.min(maxNameColumns, Math.max(0, ...tree.map(({ name }) => columnsOf(name))));
}
