/**
 * Flows that wait: for a person, and for an instant.
 *
 * Boundary: definitions.
 */
import { flow } from "plumbline";
import { z } from "zod";

export const waitsForPerson = flow("waits-for-person", {
  input: z.object({ amount: z.number() }),
  build($, { amount }) {
    const verdict = $.approval("clerk", {
      title: "Pay?",
      needs: { amount },
      decision: z.object({ approved: z.boolean() }),
      desk: "claims",
      timeout: "30d",
      onTimeout: { approved: false },
    });
    return { approved: verdict.approved };
  },
});

export const waitsForInstant = flow("waits-for-instant", {
  input: z.object({ at: z.number() }),
  build($, { at }) {
    const slept = $.sleep("until", { needs: { at }, until: ({ at }) => at });
    return $.step("after", { needs: { at }, after: slept, output: z.number() }).by(({ at }) => at);
  },
});
