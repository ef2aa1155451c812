// The flow's second part: class, fraud signals and precedents side by side, then a brief for the underwriter.
// Boundary: steps and their ladders; models and rules are plain functions of their own files.
// Invariants: the brief is held to the facts whoever wrote it, so that a model that invents a figure is a failed
// attempt and not an answer; a missing precedent or model makes a degraded run, never a failed one.
import { llm } from "@plumbline/ai";
import type { LanguageModel } from "ai";
import { type FlowBuilder, lastGood, type Ref, template } from "plumbline";
import type { LoanFields } from "./application-form.ts";
import { Classification, classify } from "./classify.ts";
import { FraudSignals, findFraudSignals } from "./fraud-signals.ts";
import { findSimilar, SimilarApplications } from "./similar.ts";
import {
  figuresAreFromTheForm,
  plainSummary,
  SUMMARY_SYSTEM,
  Summary,
  summaryQuestion,
  warningsAreHeeded,
} from "./summary.ts";
import { Triage, triage } from "./triage.ts";

/** Raise it when prompt, template or contract of the summary change what comes out: kept answers are then not reused. */
const SUMMARY_VERSION = "1";

export interface SummaryModels {
  readonly primary: LanguageModel;
  readonly secondary: LanguageModel;
}

export function assessmentSteps($: FlowBuilder, form: Ref<LoanFields, "maybe">, models: SummaryModels) {
  const needs = { fields: form };
  const classification = $.step("classify", { needs, kind: "pure", output: Classification }).by(function regression({
    fields,
  }) {
    return classify(fields);
  });
  const fraud = $.step("fraud-signals", { needs, kind: "pure", output: FraudSignals }).by(function rules({ fields }) {
    return findFraudSignals(fields);
  });
  const similar = $.step("similar", { needs, output: SimilarApplications, timeout: "20s" }).by(
    { name: "embeddings", run: ({ fields }, { signal }) => findSimilar(fields, { signal }) },
    template(() => ({ similar: [] })), // a brief without precedents is better than none
  );
  const triaged = $.step("triage", { needs: { classification, fraud }, kind: "pure", output: Triage }).by(
    function combine(found) {
      return triage(found.classification, found.fraud);
    },
  );
  const summary = $.step("summarise", {
    needs: { fields: form, classification, fraud, similar },
    output: Summary,
    checks: { "figures are from the form": figuresAreFromTheForm, "warnings are heeded": warningsAreHeeded },
    version: SUMMARY_VERSION,
  }).by(
    llm(models.primary, { ...asked, temperature: (attempt) => 0.2 * (attempt - 1) }),
    llm(models.secondary, asked),
    lastGood({ maxAge: "1h" }),
    template(plainSummary),
  );
  return { triaged, summary };
}

const asked = {
  system: SUMMARY_SYSTEM,
  prompt: summaryQuestion,
  version: SUMMARY_VERSION,
  timeout: "20s",
  retry: { maxAttempts: 2, delay: "250ms" },
} as const;
