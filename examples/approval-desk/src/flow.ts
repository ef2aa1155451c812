// The approval of the text, as a flow: one question to a person, 300 seconds, and a desk that nobody can jam.
// Boundary: one declaration; counting, opening, probing and closing are the engine's, and shared by all runs of the desk.
// Invariant: every request gets an answer, and the answer says who or what gave it.
import { flow } from "plumbline";
import { z } from "zod";

const Request = z.object({ what: z.string(), amount: z.number().positive() });
const Decision = z.object({ approved: z.boolean(), reason: z.string().min(1) });

export const approvalDesk = flow("approval-desk", {
  input: Request,
  samples: { licence: { what: "one more licence", amount: 240 } },
  build($, request) {
    const verdict = $.approval("approver", {
      title: "Approve this purchase?",
      needs: { request },
      decision: Decision,
      desk: "purchases",
      timeout: "300s",
      onTimeout: { approved: false, reason: "timeout" },
      breaker: { after: 5, openFor: "1h", decide: { approved: true, reason: "circuit_breaker_auto_approve" } },
    });
    return { approved: verdict.approved, reason: verdict.reason, via: verdict.via };
  },
});
