// Rule 28: the fingerprint covers structure and declared versions, not code; the same definition gives the same one, always.
import { expect, test } from "vitest";
import { fingerprintOf, flow, type StepOptions } from "../src/index.ts";
import { any, never } from "./stage.ts";

const made = (
  options: Partial<StepOptions<object, never, ReturnType<typeof any>>> = {},
  run: () => unknown = never,
  more: object = {},
) =>
  flow("printed", {
    input: any(),
    build: ($) => $.step("s", { output: any(), ...options } as never).by({ run, name: "rung" } as never),
    ...more,
  }).plan;

test("rule 28: is the same for the same structure, whatever the code, also read back from text", () => {
  const { fingerprint, ...plan } = made();
  expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(made({}, () => 42).fingerprint).toBe(fingerprint);
  expect(fingerprintOf(JSON.parse(JSON.stringify(plan)))).toBe(fingerprint);
});

test("rule 28: changes with structure, policy and version", () => {
  const plans = [
    made(),
    made({ version: "1" }),
    made({ version: "2" }),
    made({ timeout: "31s" }),
    made({ kind: "effect" }),
    made({ needs: { x: 1 } }),
    made({ checks: { known: () => true } }),
    made({ onDropped: "fail" }),
    made({}, never, { deadline: "1m" }),
    made({}, never, { checks: { all: () => true } }),
    made({ when: never } as object),
  ];
  expect(new Set(plans.map(({ fingerprint }) => fingerprint)).size).toBe(plans.length);
});

test("is FNV-1a in 64 bits, so that another program can work it out", () => {
  const plan = { format: 1, flow: "a", checks: [], scopes: [] } as const;
  let hash = 14695981039346656037n;
  for (const unit of JSON.stringify(plan))
    hash = BigInt.asUintN(64, (hash ^ BigInt(unit.charCodeAt(0))) * 1099511628211n);
  expect(fingerprintOf(plan)).toBe(hash.toString(16).padStart(16, "0"));
});
