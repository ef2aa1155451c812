// What the shop is told of a payment, and what became of each member on the way.
// Boundary: the contract of the flow's answer. Invariants: the answer cannot say "low" or "high" when fewer than two members
// spoke, nor another level than its own risk; what breaks that is a failed run and not an answer.
import { z } from "zod";
import { levelOf, RISK_LEVEL } from "./risk-level.ts";
import { Score } from "./score.ts";

const MemberVote = z.object({
  status: z.enum(["success", "timeout", "contract", "error", "superseded"]),
  /** There when the status is success. */
  value: Score.optional(),
  /** Why there is no value. */
  message: z.string().optional(),
});

export const RiskAssessment = z.object({
  transaction: z.string(),
  level: z.enum(RISK_LEVEL),
  /** The upper median of those that answered; null when fewer than two did. */
  risk: z.number().min(0).max(1).nullable(),
  survivors: z.number().int().min(0).max(3),
  members: z.object({ rules: MemberVote, trees: MemberVote, graph: MemberVote }),
});
export type RiskAssessment = z.infer<typeof RiskAssessment>;

export function saysWhatWasVoted({ level, risk, survivors, members }: RiskAssessment): true | string {
  const spoke = Object.values(members).filter(({ status }) => status === "success").length;
  if (spoke !== survivors) return `${survivors} survivors, and ${spoke} members with a score`;
  if (survivors < 2 !== (risk === null)) return `risk ${risk} of ${survivors} survivors`;
  return level === levelOf(risk) || `level ${level} at risk ${risk}`;
}
