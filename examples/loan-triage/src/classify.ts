// Says how likely a loan goes bad, and what that means: standard, high-risk, or a person should look.
// Boundary: a complete form in, an opinion out; the weights come from data/model.json, which train.ts wrote.
// Invariant: thresholds are fixed here and not fitted. Against a base rate of 30 % bad loans, below 35 % is no worse
// than average ("standard"), from 60 % on is twice the average ("high-risk"), and what lies between is a person's.
import { readFileSync } from "node:fs";
import { type LogisticModel, predict } from "@plumbline/example-local-models/logistic-regression.ts";
import { z } from "zod";
import type { LoanFields } from "./application-form.ts";
import { attributesOf, FEATURE_NAMES, featuresOf } from "./credit-features.ts";

export const STANDARD_BELOW = 0.35;
export const HIGH_RISK_FROM = 0.6;

export const RISK_CLASS = ["standard", "high-risk", "manual-review"] as const;
export type RiskClass = (typeof RISK_CLASS)[number];

export const Classification = z.object({
  /** 0-1: the model's estimate that the loan is not paid back as agreed. */
  probabilityBad: z.number().min(0).max(1),
  class: z.enum(RISK_CLASS),
  /** The features that moved the estimate most, the strongest first. */
  drivers: z.array(z.object({ feature: z.string(), raisesRisk: z.boolean() })),
});
export type Classification = z.infer<typeof Classification>;

/** What train.ts writes: the weights and what is known about their worth. */
export const ModelFile = z.object({
  about: z.string(),
  seed: z.number(),
  features: z.array(z.string()),
  model: z.object({
    means: z.array(z.number()),
    deviations: z.array(z.number()),
    weights: z.array(z.number()),
    bias: z.number(),
  }),
  heldOut: z.object({
    n: z.number(),
    auc: z.number(),
    /** Held-out rows by class: how many, and how many of them were bad. */
    classes: z.record(z.enum(RISK_CLASS), z.object({ n: z.number(), bad: z.number() })),
  }),
});
export type ModelFile = z.infer<typeof ModelFile>;

let loaded: ModelFile | undefined;

/** The committed model. Throws when it was trained on other features than the form gives: train again. */
export function loadModelFile(): ModelFile {
  if (loaded === undefined) {
    const file = ModelFile.parse(JSON.parse(readFileSync(new URL("../data/model.json", import.meta.url), "utf8")));
    if (file.features.join() !== FEATURE_NAMES.join()) {
      throw new Error("data/model.json was trained on other features: run `npm run train` in examples/loan-triage");
    }
    loaded = file;
  }
  return loaded;
}

/** Classifies a complete form. Pure and fast (microseconds). */
export function classify(fields: LoanFields): Classification {
  const { model } = loadModelFile();
  const row = featuresOf(attributesOf(fields));
  const probabilityBad = predict(model, row);
  return { probabilityBad, class: classOf(probabilityBad), drivers: driversOf(model, row) };
}

/** The class that a probability falls into. */
export function classOf(probabilityBad: number): RiskClass {
  if (probabilityBad < STANDARD_BELOW) return "standard";
  return probabilityBad >= HIGH_RISK_FROM ? "high-risk" : "manual-review";
}

/** The three features present on this form (columns that are not 0) whose weighted distance from the mean is largest. */
function driversOf(model: LogisticModel, row: readonly number[]): Classification["drivers"] {
  return row
    .map((value, at) => {
      const distance = (value - (model.means[at] as number)) / (model.deviations[at] as number);
      return { feature: FEATURE_NAMES[at] as string, push: distance * (model.weights[at] as number), value };
    })
    .filter(({ value }) => value !== 0)
    .sort((a, b) => Math.abs(b.push) - Math.abs(a.push))
    .slice(0, 3)
    .map(({ feature, push }) => ({ feature, raisesRisk: push > 0 }));
}
