// The flow's first part: what was uploaded is read, and either believed or referred to a person as it is.
// Boundary: steps and their contracts; reading is read-fields.ts, doubting is triage.ts.
// Invariants: exactly one of `form` and `referral` runs; what reads `form` is complete and consistent.
import { type Failure, type FlowBuilder, type Ref, template } from "plumbline";
import { formChecks, LoanFields } from "./application-form.ts";
import { Referral, referralOf } from "./loan-decision.ts";
import { nothingRead, ReadFields, readFields } from "./read-fields.ts";
import { completeFields, doubtsAbout } from "./triage.ts";

/** A page takes a second or two; on a machine that has much else to do it must not be taken for unreadable. */
const pageLimitMs = 20_000;

/** For pure steps: the same input gives the same answer, or the same refusal. */
export const once = { maxAttempts: 1 } as const;

export function readingSteps($: FlowBuilder, pdf: Ref<Uint8Array>) {
  const read = $.step("read", {
    needs: { pdf },
    output: ReadFields,
    timeout: "2m", // OCR reads two pages at a time: most of this is waiting for a turn
    retry: { maxAttempts: 2, retryIf: isWorthReadingAgain },
  }).by(
    { name: "text or OCR", run: (needs, { signal }) => readFields(needs.pdf, { signal, pageLimitMs }) },
    template(() => nothingRead("the document could not be opened")),
  );
  const form = $.step("form", {
    needs: { read },
    when: (needs) => doubtsAbout(needs.read).length === 0,
    kind: "pure",
    output: LoanFields,
    checks: formChecks,
    retry: once,
  }).by(function believe(needs) {
    return completeFields(needs.read) as LoanFields;
  });
  const referral = $.step("refer", {
    needs: { read },
    when: (needs) => doubtsAbout(needs.read).length > 0,
    kind: "pure",
    output: Referral,
  }).by(function refer(needs) {
    return referralOf(doubtsAbout(needs.read));
  });
  return { read, form, referral };
}

/** The same bytes are no PDF the second time either. */
function isWorthReadingAgain({ code }: Failure): boolean {
  return code !== "unreadable-pdf";
}
