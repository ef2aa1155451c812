/**
 * What a node does, or did, in a few words: what stands in the middle of its line.
 *
 * Boundary: a slot and its report to words; mark, name, figures and layout are step-line.ts's. Invariants: a node that opens
 * scopes says how far it is (its case, items, turn, votes), so that its line is enough where its scopes are not shown;
 * waits say how long still; foreign text is cleaned by whoever prints it.
 */
import { isSettled, pathOf, type RunState, type Slot, type StepReport } from "@plumbline/core";
import { missingVoices, type ScopeStory, scopeStoryOf } from "@plumbline/insight";
import type { LiveRun } from "./live-run.ts";
import { countdown, counted, plural } from "./phrase.ts";

export function slotWords(slot: Slot, report: StepReport, live: LiveRun, now: number): string {
  const { state } = live;
  const scope = scopeStoryOf(state, slot);
  switch (report.status) {
    case "pending":
      return awaited(state, slot);
    case "running":
      return scope ? scopeWords(scope) : running(slot, live);
    case "retrying": {
      const again = slot.dueAt === undefined ? "" : `, again in ${countdown(slot.dueAt - now)}`;
      return `attempt ${slot.attempts} failed${again}: ${firstLine(slot.failure?.message)}`;
    }
    case "waiting":
      return scope ? scopeWords(scope) : waiting(slot, now);
    case "succeeded":
      return scope ? scopeWords(scope) : answered(slot, report);
    case "degraded":
      return state.degradations.find(({ path }) => path === report.path)?.reason ?? answered(slot, report);
    case "failed":
      return firstLine(report.failure?.message);
    case "skipped":
      return skipped(state, live.skipped.get(slot.id));
    case "undoing":
      return "is being undone";
    default:
      return report.status;
  }
}

/** How far a node is that opens scopes, or how it came out. */
export function scopeWords(scope: ScopeStory): string {
  switch (scope.kind) {
    case "branch":
      return `case ${scope.case}`;
    case "map":
      return itemWords(scope);
    case "loop":
      return `turn ${scope.turn} of ${scope.maxTurns}${scope.isEnough ? " was enough" : ""}`;
    case "ensemble": {
      const { given, quorum, votes } = scope;
      const missing = missingVoices(votes).map(({ member, status }) => `${member} (${status})`);
      const without = missing.length === 0 ? "" : `, without ${missing.join(", ")}`;
      return `${given} of ${plural(votes.length, "vote")}, ${quorum} needed${without}`;
    }
  }
}

function itemWords({ items, done, failed, onFailure, partLength }: Extract<ScopeStory, { kind: "map" }>): string {
  const what = partLength === undefined ? "item" : `part of ${counted(partLength)} items`;
  const many = partLength === undefined ? "items" : `parts of ${counted(partLength)} items`;
  const all = items === 1 ? `1 ${what}` : `${counted(items)} ${many}`;
  const lost = failed === 0 ? "" : `, ${counted(failed)} ${onFailure === "collect" ? "failed" : "left out"}`;
  return `${done < items ? `${counted(done)} of ${all}` : all}${lost}`;
}

function waiting(slot: Slot, now: number): string {
  const left = `${countdown((slot.dueAt ?? now) - now)} left`;
  const { node } = slot;
  if (node.kind === "approval") return `waits for ${node.desk}, ${left}`;
  if (node.kind === "signal") return `waits for signal ${node.name}, ${left}`;
  return node.kind === "sleep" ? `sleeps, ${left}` : "waits";
}

function running(slot: Slot, live: LiveRun): string {
  if (slot.node.kind === "call") return slot.call === undefined ? "" : `run ${slot.call}`;
  const attempt = slot.attempts > 0 ? `attempt ${slot.attempts + 1}` : "";
  return joined(rungOf(slot), hedgeOf(slot), attempt, live.notes.get(slot.id) ?? "");
}

/** The rung by name, where the step has a choice of them. */
function rungOf({ node, rung }: Slot): string {
  return node.kind === "step" && node.rungs.length > 1 ? (node.rungs[rung]?.name ?? "") : "";
}

function hedgeOf({ node, hedge }: Slot): string {
  return node.kind === "step" && hedge !== undefined ? `beside ${node.rungs[hedge]?.name ?? ""}` : "";
}

function answered({ node, call }: Slot, report: StepReport): string {
  switch (node.kind) {
    case "approval":
      return `decided by ${report.by ?? "a person"}`;
    case "call":
      return `run ${call}`;
    case "step": {
      const by = node.rungs.length > 1 ? (report.answeredBy ?? "") : "";
      const attempts = report.attempts > 1 ? `attempt ${report.attempts}` : "";
      const from = report.from ? `kept from run ${report.from.run}` : "";
      const dropped = report.dropped ? `dropped ${report.dropped.join(", ")}` : "";
      return joined(by, from, attempts, dropped);
    }
    default:
      return "";
  }
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" · ");
}

function awaited(state: RunState, slot: Slot): string {
  const needs = slot.node.dependsOn
    .map(({ node }) => state.slots[slot.frame.base + node])
    .filter((need) => need !== undefined && !isSettled(need))
    .map((need) => (need as Slot).node.name);
  return needs.length === 0 ? "" : `after ${needs.join(", ")}`;
}

function skipped(state: RunState, because: "when" | number | undefined): string {
  if (because === undefined || because === "when") return "not needed";
  const need = state.slots[because];
  return need ? `not needed, like ${pathOf(need)}` : "not needed";
}

function firstLine(message = ""): string {
  return message.split("\n", 1)[0] as string;
}
