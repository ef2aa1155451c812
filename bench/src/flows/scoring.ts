/**
 * Scoring a payment by three models with a vote: the flow of the flood.
 *
 * Boundary: the flow; its models are scoring-models.ts and cost next to nothing, so that what is measured is the vote. Invariants: the upper
 * median of those that answered; two of three must; a payment that is marked makes one member fail in the way it says.
 */
import { type Flow, flow, upperMedian } from "plumbline";
import { z } from "zod";
import { failAs, type InjectedFault } from "./member-fault.ts";
import { levelOf, type MemberName, models, Payment } from "./scoring-models.ts";

const Score = z.object({ risk: z.number().min(0).max(1) });
const Scored = z.object({ id: z.number(), risk: z.number(), level: z.enum(["low", "high"]), survivors: z.number() });
export type Scored = z.infer<typeof Scored>;

type Score = { readonly risk: number };

/** The flow; `faults` says which payments meet a member that fails, and how. */
export function scoringFlow(faults: ReadonlyMap<number, InjectedFault>): Flow<Payment, Scored> {
  const member =
    (name: MemberName) =>
    ({ payment }: { readonly payment: Payment }): Score | Promise<Score> => {
      const injected = faults.get(payment.id);
      return injected?.member === name ? (failAs(injected.fault) as Score) : models[name](payment);
    };
  return flow("scoring", {
    input: Payment,
    output: Scored,
    build($, payment) {
      const vote = $.ensemble("vote", {
        needs: { payment },
        output: Score,
        kind: "pure",
        timeout: "200ms",
        retry: { maxAttempts: 1 },
        quorum: 2,
        combine: upperMedian(({ risk }) => risk),
      }).by({ rules: member("rules"), regression: member("regression"), stumps: member("stumps") });
      const level = $.step("level", { needs: { risk: vote.value }, kind: "pure", output: z.enum(["low", "high"]) }).by(
        ({ risk }) => levelOf(risk),
      );
      return { id: payment.id, risk: vote.value, level, survivors: vote.survivors };
    },
  });
}
