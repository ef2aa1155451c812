// `npm run example -- risk-scoring`: eight payments are scored; members hang, throw and talk nonsense, and every one of
// the eight has its answer when the slowest member's 5 s are over.
// Boundary: plays the scenarios and prints them. Invariant: a payment whose level is not the one that its scenario names
// makes the exit code 1.
import { readFileSync } from "node:fs";
import { styleText } from "node:util";
import type { Figures } from "./measure.ts";
import { MEMBER, type Member } from "./members.ts";
import type { RiskAssessment } from "./risk-assessment.ts";
import { scenarios } from "./scenario.ts";
import { type ScoredPayment, scorePayments } from "./score-payments.ts";

export const about =
  "Rules, boosted trees and a graph score a payment side by side; late or broken members never sink it";

const notice =
  "Payments, thieves and fraud rings are GENERATED; rules, trees, graph and vote are real; members fail because a switch says so.";

export async function main({ json }: { readonly json: boolean }): Promise<void> {
  const begun = performance.now();
  const scored = await scorePayments(scenarios);
  const ms = Math.round(performance.now() - begun);
  const unmet = scored
    .filter(({ scenario, result }) => result.output?.level !== scenario.level)
    .map(
      ({ scenario, result }) => `${scenario.name} is ${result.output?.level ?? result.outcome}, not ${scenario.level}`,
    );
  if (unmet.length > 0) process.exitCode = 1;
  const heldOut = JSON.parse(readFileSync(new URL("../data/held-out.json", import.meta.url), "utf8")) as Figures;
  if (json) {
    const runs = scored.map(({ scenario, truth, result }) => ({
      id: result.id,
      flow: "risk-scoring",
      outcome: result.outcome,
      output: result.output ?? null,
      degradations: result.degradations,
      ms: result.ms,
      scenario,
      truth,
    }));
    const document = { example: "risk-scoring", runs, unmet, figures: { ms, simulated: notice, heldOut } };
    console.log(JSON.stringify(document, undefined, 2));
    return;
  }
  console.log(styleText("bold", "Risk scoring: three members, 5 s each, the upper median of those that answered"));
  console.log(`${notice}\n\n${tableOf(scored)}\n`);
  for (const problem of unmet) console.log(styleText("red", problem));
  console.log(`${scored.length} payments in ${(ms / 1000).toFixed(1)} s, side by side`);
  const { payments, scorers } = heldOut;
  console.log(`on ${payments} held-out generated payments (data/README.md):`);
  for (const { name, auc } of scorers) console.log(`  AUC ${auc.toFixed(3)}  ${name}`);
}

const headings = ["payment", ...MEMBER, "risk", "level", "in truth", "run", "time"];

/** One line a payment, and below it what is special about it. */
export function tableOf(scored: readonly ScoredPayment[]): string {
  const rows = scored.map(rowOf);
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  const body = scored.flatMap(({ scenario, result }, at) => [
    styleText(colourOf(result.output), line(rows[at] ?? [])),
    `    ${scenario.tells}`,
    ...messagesOf(result.output).map((message) => styleText("dim", `    ${message}`)),
  ]);
  return [styleText("bold", line(headings)), ...body].join("\n");
}

function rowOf({ scenario, truth, result }: ScoredPayment): string[] {
  const { output, outcome, ms } = result;
  return [
    scenario.name,
    ...MEMBER.map((member) => voteOf(member, output)),
    output?.risk?.toFixed(2) ?? "-",
    output?.level ?? "-",
    truth,
    outcome,
    ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`,
  ];
}

function voteOf(member: Member, output: RiskAssessment | undefined): string {
  const vote = output?.members[member];
  return vote?.value?.risk.toFixed(2) ?? vote?.status ?? "-";
}

/** Why a member has no score, and the strongest reason of the one whose score is the highest. */
function messagesOf(output: RiskAssessment | undefined): string[] {
  if (output === undefined) return [];
  const votes = MEMBER.map((member) => ({ member, ...output.members[member] }));
  const gone = votes.flatMap(({ member, message }) => (message === undefined ? [] : [`${member}: ${message}`]));
  const spoke = votes.toSorted((a, b) => (b.value?.risk ?? 0) - (a.value?.risk ?? 0));
  const [loudest] = spoke;
  const [reason] = loudest?.value?.reasons ?? [];
  return reason === undefined
    ? gone
    : [...gone, `${loudest?.member} say: ${reason}`.replace("graph say", "graph says")];
}

function colourOf(output: RiskAssessment | undefined): "red" | "yellow" | "green" {
  if (output === undefined || output.level === "unknown") return "yellow";
  return output.level === "high" ? "red" : "green";
}
