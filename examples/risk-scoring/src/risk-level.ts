// From the ensemble's vote to what the shop is told: high, low, or that nobody can say.
// Boundary: a voted risk in, a level out. Invariant: "above 0.7" means above; without a vote the level is "unknown" and
// never "low", because silence is no innocence.
export const HIGH_ABOVE = 0.7;

export const RISK_LEVEL = ["high", "low", "unknown"] as const;
export type RiskLevel = (typeof RISK_LEVEL)[number];

export function levelOf(risk: number | null): RiskLevel {
  if (risk === null) return "unknown";
  return risk > HIGH_ABOVE ? "high" : "low";
}
