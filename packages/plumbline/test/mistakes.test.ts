// What users read when they define a flow wrongly and the compiler did not see it: plain JavaScript, `any`, or what types cannot
// tell. Rule 33: each message says what, where, expected, found and how to mend it.
import { flow, lastGood, optional } from "plumbline";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { messageOf, type Untyped } from "./message.ts";

const Input = z.object({ pdf: z.string(), pages: z.number() });
const Fields = z.object({ income: z.number(), name: z.string() });
const read = () => ({ income: 1, name: "Ada" });

function defining(build: ($: Untyped, input: Untyped) => unknown, options: object = {}): () => unknown {
  return () => flow("loan", { input: Input, build, ...options } as never);
}

function extract($: Untyped, input: Untyped, options: object = {}) {
  return $.step("extract", { needs: { pdf: input.pdf }, output: Fields, ...options }).by(read);
}

const reading = (read: (fields: Untyped) => unknown) => defining(($, input) => read(extract($, input)));
const withOptions = (options: object) => defining(($, input) => extract($, input, options));
const withApproval = (options: object) => {
  const asking = { decision: z.object({ approved: z.boolean() }), desk: "underwriting", timeout: "5m" };
  return defining(($) => $.approval("ask", { ...asking, onTimeout: { approved: false }, ...options }));
};

function elsewhere(): Untyped {
  let made: Untyped;
  flow("elsewhere", {
    input: Input,
    build($, input) {
      made = extract($, input);
      return made;
    },
  });
  return made;
}

function kept$(): Untyped {
  let kept: Untyped;
  flow("kept", {
    input: Input,
    build($, { pdf }) {
      kept = $;
      return { pdf };
    },
  });
  return kept;
}

const begun = ($: Untyped) => $.step("extract", { output: Fields });

describe("mistakes in a definition", () => {
  test.each<[string, () => unknown]>([
    ["a step without .by", defining(($) => void begun($))],
    [
      "a step without .by among the needs",
      defining(($) => $.step("use", { needs: { fields: begun($) }, output: Fields }).by(read)),
    ],
    ["a .by without a function", defining(($) => begun($).by())],
    ["a rung that is none", defining(($) => begun($).by("gpt-5"))],
    ["a name used twice", defining(($, input) => [extract($, input), extract($, input)])],
    ["a reference as text", reading((fields) => ({ text: `Dear ${fields.name}` }))],
    ["a reference in JSON", reading((fields) => ({ text: JSON.stringify({ fields }) }))],
    ["a reference spread", reading((fields) => ({ ...fields }))],
    ["a reference gone through", reading((fields) => [...fields.name])],
    [
      "a reference of another flow",
      defining(($) => $.step("use", { needs: { x: elsewhere().income }, output: Fields }).by(read)),
    ],
    ["a wrong path into a step", reading((fields) => ({ income: fields.incom }))],
    [
      "a wrong path into the input",
      defining(($, { page }) => $.step("use", { needs: { page }, output: Fields }).by(read)),
    ],
    [
      "a wrong path into a decision",
      defining(($) => {
        const asked = {
          decision: z.object({ approved: z.boolean() }),
          desk: "d",
          timeout: 1,
          onTimeout: { approved: true },
        };
        return $.approval("ask", asked).aproved;
      }),
    ],
    ["a step that nobody reads", defining(($, input) => [void extract($, input), input.pdf])],
    ["an async build", defining(async ($, input) => ({ fields: extract($, input) }))],
    ["a step added after build", () => kept$().step("late", { output: Fields })],
    ["no contract for the input", () => flow("loan", { build: () => 1 } as never)],
    ["no contract for a step", withOptions({ output: undefined })],
    ["a duration in words", withOptions({ timeout: "5 minutes" })],
    ["no attempts", withOptions({ retry: { maxAttempts: 0 } })],
    ["a kind that is none", withOptions({ kind: "write" })],
    ["an undo of what changes nothing", withOptions({ compensate: () => {} })],
    ["lastGood without a version", defining(($) => begun($).by(read, lastGood({ maxAge: "1h" })))],
    ["a name with a slash", defining(($) => $.step("extract/fields", { output: Fields }).by(read))],
    ["needs that are one reference", defining(($, input) => $.step("use", { needs: input, output: Fields }).by(read))],
    ["a function among the needs", defining(($) => $.step("use", { needs: { read }, output: Fields }).by(read))],
    ["optional of a value", defining(() => optional("fields" as never))],
    ["an approval that may wait for ever", withApproval({ onTimeout: undefined })],
    ["an answer for a timeout that breaks the decision's contract", withApproval({ onTimeout: { approve: false } })],
    [
      "several at once",
      defining(($, input) => {
        extract($, input);
        return input.pfd;
      }),
    ],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});
