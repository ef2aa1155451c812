// Goal: a scripted person decides what waits at its own desk, once, leaves alone what the script does, and goes home.
import { type Engine, flow, openEngine } from "plumbline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ScriptedPerson } from "../src/scripted-person.ts";

const Grant = z.object({ granted: z.boolean() });
const asking = (desk: string) =>
  flow(`asking-${desk}`, {
    input: z.object({}),
    output: Grant,
    build: ($) =>
      $.approval("ask", { title: "May they?", desk, decision: Grant, timeout: "700ms", onTimeout: { granted: false } }),
  });
const window = asking("window");
const counter = asking("counter");
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ flows: [window, counter] });
});
afterAll(() => engine.close());

const ask = async (key: string, at = window) => (await engine.start(at, {}, { key })).result();

test("what waits at the desk is decided once; what the script leaves alone, and another desk, waits on", async () => {
  const asked: string[] = [];
  const decisionOn = async ({ key = "" }) => {
    asked.push(key);
    return key === "ignored" ? undefined : { decision: { granted: true } };
  };
  const clerk = new ScriptedPerson(engine, { desk: "window", by: "scripted clerk", decisionOn });
  const all = await clerk.during(Promise.all([ask("granted"), ask("ignored"), ask("elsewhere", counter)]));
  expect(all.map(({ output }) => output?.granted)).toEqual([true, false, false]);
  expect(asked.filter((key) => key !== "ignored")).toEqual(["granted"]);
});

test("work that fails, fails for the person too; so does a script that breaks", async () => {
  const decisionOn = () => Promise.reject(new Error("the script broke"));
  const broken = () => new ScriptedPerson(engine, { desk: "window", by: "scripted clerk", decisionOn });
  await expect(broken().during(Promise.reject(new Error("the work failed")))).rejects.toThrow("the work failed");
  await expect(broken().during(ask("broken"))).rejects.toThrow("the script broke");
});
