// The flow that scores one payment: three members side by side, the upper median of those that answered, a level.
// Boundary: wiring only; members come in from whoever starts it, so that tests, demonstration and production differ in
// nothing else. Invariants: each member has its own 5 s, so the vote has; one that is late, throws or talks nonsense never
// sinks the others; a single voice is no vote.
import { type Duration, flow, upperMedian } from "plumbline";
import { z } from "zod";
import type { Member } from "./members.ts";
import { RiskAssessment, saysWhatWasVoted } from "./risk-assessment.ts";
import { levelOf, RISK_LEVEL } from "./risk-level.ts";
import { Score } from "./score.ts";
import { Transaction } from "./transaction.ts";

export type ScoreFunction = (needs: { readonly transaction: Transaction }) => Score | Promise<Score>;

export interface RiskScoringParts {
  readonly members: Readonly<Record<Member, ScoreFunction>>;
  /** How long each member may take. Default 5 s. */
  readonly memberTimeout?: Duration;
  readonly samples?: Readonly<Record<string, Transaction>>;
}

export function riskScoringFlow({ members, memberTimeout = "5s", samples = {} }: RiskScoringParts) {
  return flow("risk-scoring", {
    input: Transaction,
    output: RiskAssessment,
    checks: { "says what was voted": saysWhatWasVoted },
    samples,
    build($, transaction) {
      const vote = $.ensemble("vote", {
        needs: { transaction },
        output: Score,
        timeout: memberTimeout,
        // A second attempt would take a member past its 5 s.
        retry: { maxAttempts: 1 },
        quorum: 2,
        combine: upperMedian(({ risk }) => risk),
        below: null,
      }).by({ rules: members.rules, trees: members.trees, graph: members.graph });
      const level = $.step("level", { needs: { risk: vote.value }, kind: "pure", output: z.enum(RISK_LEVEL) }).by(
        ({ risk }) => levelOf(risk),
      );
      return {
        transaction: transaction.id,
        level,
        risk: vote.value,
        survivors: vote.survivors,
        members: vote.votes,
      };
    },
  });
}
