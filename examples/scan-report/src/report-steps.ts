// The flow's last part: a report by the writer and the ladder that the patient's language calls for.
// Boundary: steps and their ladders; sentences are report.ts, the translator is translate.ts.
// Invariants: an invented or lost figure is a failed attempt and never an answer; without a translation that can be
// trusted the patient gets the English text, and it says so.
import { type Failure, type FlowBuilder, type Ref, template } from "plumbline";
import { type Conclusion, type Facts, figuresAreFacts, Report, saysWhatItIs } from "./report.ts";
import type { ScanModels } from "./scan-models.ts";
import { everyWordKnown, figuresSurvive, type Language, Translation, untranslated } from "./translate.ts";

/** The facts, as references into the flow. */
type FactsNeeded = { readonly [Name in Exclude<keyof Facts, "conclusion">]: Ref<Facts[Name]> } & {
  readonly conclusion: Ref<Conclusion>;
};

interface Reported {
  readonly language: Ref<Language>;
  readonly facts: FactsNeeded;
}

export function reportSteps($: FlowBuilder, { language, facts }: Reported, models: ScanModels) {
  const contract = {
    needs: facts,
    kind: "pure", // the same facts, the same sentences; with a language model as writer it would be a read
    output: Report,
    checks: { "figures are facts": figuresAreFacts, "says what it is": saysWhatItIs },
    retry: { maxAttempts: 2, delay: "50ms" },
  } as const;
  return $.branch("report", {
    needs: { language },
    choose: (needs) => needs.language,
    cases: {
      en: ($) => {
        const written = $.step("write", contract).by(
          { name: "prose", run: (needs) => models.writeReport(needs) },
          template((needs) => models.writeForTranslation(needs)), // plainer, and it invents nothing
        );
        return { language: "en" as const, translated: false, text: written.text };
      },
      es: ($) => {
        const written = $.step("write-plainly", contract).by({
          name: "sentences",
          run: (needs) => models.writeForTranslation(needs),
        });
        const { language, translated, text } = $.step("translate", {
          needs: { text: written.text },
          output: Translation,
          checks: { "every word known": everyWordKnown, "figures survive": figuresSurvive },
          timeout: "10s",
          retry: { maxAttempts: 2, delay: "50ms", retryIf: mayWorkNextTime },
        }).by(
          { name: "apertium", run: (needs, { signal }) => models.translate(needs.text, { signal }) },
          template((needs) => untranslated(needs.text)),
        );
        return { language, translated, text };
      },
    },
  });
}

/** A program that is not installed is not installed a moment later; a rule-based one makes the same mistake again. */
function mayWorkNextTime({ kind, fields }: Failure): boolean {
  return kind !== "contract" && fields?.["missing"] !== true;
}
