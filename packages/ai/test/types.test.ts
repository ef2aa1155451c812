// Types, checked by tsc with the rest: inside `.by` the needs are known and the answer fits whatever the contract is; what
// must not compile is marked. The bodies run too, because a flow that was made is valid.
import {
  type AgentQuestion,
  type AgentReply,
  flow,
  lastGood,
  type Ref,
  type Rung,
  template,
  tool,
} from "@plumbline/core";
import { MockLanguageModelV4 } from "ai/test";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { agentModel, llm } from "../src/index.ts";

const model = new MockLanguageModelV4();
const Fields = z.object({ income: z.number(), name: z.string() });
const Summary = z.object({ title: z.string(), risk: z.enum(["high", "low"]) });

test("in a ladder, needs are typed from the step and the answer from its contract", () => {
  const made = flow("types", {
    input: Fields,
    build($, fields) {
      const summary = $.step("summarise", {
        needs: { fields, income: fields.income },
        output: Summary,
        version: "1",
      }).by(
        llm(model, {
          prompt: ({ fields, income }) => {
            expectTypeOf(fields).toEqualTypeOf<{ income: number; name: string }>();
            expectTypeOf(income).toEqualTypeOf<number>();
            return `${fields.name} earns ${income}`;
          },
        }),
        lastGood({ maxAge: "1h" }),
        { ...llm(model, { prompt: ({ income }: { readonly income: number }) => `${income}` }), timeout: "5s" },
        template(({ fields }) => ({ title: fields.name, risk: "low" })),
      );
      expectTypeOf(summary).toExtend<Ref<{ title: string; risk: "high" | "low" }>>();
      return { summary };
    },
  });
  expect(made.plan.scopes[0]?.nodes).toHaveLength(1);
});

test("a rung made apart fits any contract whose needs it can read", () => {
  const apart = llm(model, { prompt: ({ name }: { readonly name: string }) => name });
  expectTypeOf(apart).toEqualTypeOf<Rung<{ readonly name: string }, never>>();
  flow("apart", {
    input: Fields,
    build: ($, { name, income }) => ({
      text: $.step("text", { needs: { name }, output: z.string() }).by(apart),
      list: $.step("list", { needs: { name, income }, output: z.array(z.number()) }).by(apart),
    }),
  });
});

const weather = tool({ description: "The weather.", input: Fields, output: z.string(), run: ({ name }) => name });
const agent = { tools: { weather }, output: z.string(), maxTurns: 3 } as const;

test("an agent's model is given the agent's needs, and its prompt says which", () => {
  const apart = agentModel(model, { prompt: ({ name }: { readonly name: string }) => name });
  expectTypeOf(apart).toEqualTypeOf<Rung<AgentQuestion<{ readonly name: string }>, AgentReply>>();
  flow("agents", {
    input: Fields,
    build($, { name, income }) {
      const one = $.agent("one", { ...agent, needs: { name } }).by(apart);
      const two = $.agent("two", { ...agent, needs: { name, income } }).by(
        agentModel(model, {
          prompt: (needs) => {
            expectTypeOf(needs).toEqualTypeOf<{ name: string; income: number }>();
            return needs.name;
          },
        }),
        apart,
        template(({ needs }) => ({ answer: needs.name })),
      );
      // @ts-expect-error the prompt needs a name that the agent does not have
      const three = $.agent("three", { ...agent, needs: { income } }).by(apart);
      expectTypeOf(one).toEqualTypeOf<Ref<string>>();
      return { one, two, three };
    },
  });
});

test("what does not fit does not compile", () => {
  flow("misfits", {
    input: Fields,
    build($, { name }) {
      const text = $.step("text", { needs: { name }, output: z.string() }).by(
        llm(model, {
          // @ts-expect-error the step needs no income
          prompt: ({ income }) => `${income}`,
        }),
      );
      const other = $.step("other", { needs: { name }, output: z.string() }).by(
        // @ts-expect-error the rung needs an income that the step does not have
        llm(model, { prompt: ({ income }: { readonly income: number }) => `${income}` }),
      );
      // @ts-expect-error a prompt gives a text or messages
      const third = $.step("third", { needs: { name }, output: z.string() }).by(llm(model, { prompt: () => 3 }));
      return { text, other, third };
    },
  });
});
