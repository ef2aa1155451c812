// `plumbline graph`: plans as Mermaid text: nested scopes as boxes, arrows from foot to head, and no name that breaks it.
import { flow, optional, type Plan } from "@plumbline/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { mermaidOf } from "../src/cli/mermaid.ts";
import { loan } from "./fixtures/loans.ts";
import { office } from "./fixtures/patterns.ts";

const linesOf = (plan: Plan) =>
  mermaidOf(plan)
    .split("\n")
    .map((line) => line.trim());

it("draws a plan", () => {
  const text = mermaidOf(loan.plan);
  expect(text).toContain('n1["summarise<br/>read<br/>1. model  2. template"]');
  expect(text).toContain('n2{{"underwriter<br/>desk underwriting, 5m<br/>if nobody answers: ');
  expect(text).toContain('n3[["book<br/>when its condition holds<br/>effect<br/>can be undone"]]');
  expect(text).toContain('  input -->|"applicant, modelDown"| n1');
  expect(mermaidOf(loan.plan)).toBe(text);
  const odd = { ...loan.plan, checks: ['a "quoted" <b>|{check}'] };
  expect(mermaidOf(odd)).toContain('✓ a #34;quoted#34; #60;b#62;#124;#123;check#125;"');
});

it("draws each way to nest as a box with a head that says how, and a foot that others read", () => {
  const lines = linesOf(office.plan);
  const box = (id: string) => {
    const from = lines.findIndex((line) => line.startsWith(`subgraph ${id}[`));
    return lines.slice(from, lines.indexOf(lines.find((line) => line.startsWith(`${id}foot`)) ?? "", from) + 1);
  };
  expect(box("n0")).toEqual([
    'subgraph n0["pages"]',
    'n0head(["for each item<br/>4 at once<br/>one that fails is left out"])',
    expect.stringMatching(/^s\d+n0\["read"\]$/),
    'n0foot(["all answers"])',
  ]);
  expect(box("n2").slice(1)).toEqual([
    'n2head(["2 of 3 members must answer"])',
    expect.stringContaining('["rules"]'),
    expect.stringContaining('["trees"]'),
    expect.stringContaining('["graph"]'),
    'n2foot(["combined"])',
  ]);
  expect(box("n3").slice(1)).toEqual([
    'n3head(["turn after turn<br/>at most 3 turns<br/>else the last turn counts"])',
    expect.stringContaining('["draft"]'),
    'n3foot{"enough?"}',
  ]);
  expect(box("n4")).toEqual([
    'subgraph n4["decision"]',
    'n4head{"one of these"}',
    'subgraph n4c0["clerk"]',
    expect.stringContaining('{{"sign<br/>desk claims, 2d'),
    "end",
    'n4c1(["automatic<br/>answers at once"])',
    'n4foot(["its answer"])',
  ]);
  expect(lines).toContain('n1[/"history<br/>calls the flow history"/]');
  expect(lines).toContain('n5("cool-off<br/>sleeps for 20ms")');
  expect(lines.find((line) => line.startsWith("n6{{"))).toContain("payment<br/>waits for a signal, 3d<br/>if nothing");
});

it("arrows go across scopes, from what is read to what reads it, each once", () => {
  const lines = linesOf(office.plan);
  const sign = /^(s\d+n0)\{\{/.exec(lines.find((line) => line.includes("sign<br/>")) ?? "")?.[1];
  const draft = /^(s\d+n0)\[/.exec(lines.find((line) => line.includes('["draft"]')) ?? "")?.[1];
  const arrows = lines.filter((line) => / (-->|-\.->|-\.-)/.test(line));
  expect(new Set(arrows).size).toBe(arrows.length);
  expect(arrows).toEqual(
    expect.arrayContaining([
      'input -->|"pages"| n0head',
      'n1 -->|"claims"| n2head',
      'n2foot -->|"value"| n4head',
      `n3foot -->|"text"| ${sign}`,
      `n4head --> ${sign}`,
      `${sign} -->|"approved"| n4foot`,
      "n4head --> n4c1",
      "n4c1 --> n4foot",
      `n0foot --> ${draft}`,
      `n3head --> ${draft}`,
      'n3head -.-|"next turn"| n3foot',
      "n4foot -.->|after| n5",
      "n4foot --> answer",
    ]),
  );
});

it("draws what an array too long for one journal is spread over as the same map", () => {
  expect(mermaidOf(office.plan)).not.toContain('"part"');
});

it("names that mean something to Mermaid are only text, also deep inside", () => {
  const odd = flow("odd", {
    input: z.object({ xs: z.array(z.object({ n: z.number() })), end: z.string() }),
    build($, { xs, end }) {
      const all = $.map("end", {
        over: xs,
        onFailure: "collect",
        each: ($, x, index) =>
          $.loop("subgraph", {
            output: z.object({ n: z.number() }),
            start: x,
            maxTurns: 2,
            atLimit: "fail",
            until: () => true,
            body: ($, before) =>
              $.branch("class", {
                needs: { n: before.n, index },
                choose: () => "click",
                cases: {
                  click: ($) =>
                    $.step("style", {
                      needs: { x, end },
                      output: z.object({ n: z.number() }),
                      cache: { maxAge: "1h" },
                      version: "1",
                    }).by(() => ({ n: 1 })),
                  call: () => ({ n: x.n }),
                },
              }),
          }),
      });
      const mail = $.branch("linkStyle", {
        choose: () => "a",
        cases: {
          a: ($) => {
            $.step("mail", { kind: "effect", output: z.null() }).by(() => null);
            return null;
          },
          b: () => end,
        },
      });
      return { all, mail: optional(mail) };
    },
  });
  const lines = linesOf(odd.plan);
  const ids = lines.flatMap((line) => /^(?:subgraph )?(\w+)[[({]/.exec(line)?.[1] ?? []);
  expect(ids.filter((id) => !/^(input|answer|(s\d+)?n\d+(head|foot|c\d+)?)$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(lines.filter((line) => line.startsWith("subgraph")).length).toBe(
    lines.filter((line) => line === "end").length,
  );
  expect(lines.filter((line) => /^class .* (call|end|click)$/.test(line))).toEqual([]);
  const style = lines.find((line) => line.includes('["style')) ?? "";
  expect(style).toContain("cached for 1h");
  const id = style.slice(0, style.indexOf("["));
  expect(lines).toEqual(expect.arrayContaining([`n0head --> ${id}`, `input -->|"end"| ${id}`]));
  const effect = lines.find((line) => line.includes('[["mail')) ?? "";
  expect(lines).toContain(`${effect.slice(0, effect.indexOf("["))} --> n1foot`);
});
