// The flows of vercel.mjs, in the form that its compiler takes: directives mark what is a workflow and what a step.
// Boundary: never imported as it stands; vercel.mjs has it compiled, copied beside four-steps.mjs.
import { countUp, found, labels, madeOf } from "./four-steps.mjs";

async function count(n, label) {
  "use step";
  return countUp(n, label);
}

export async function fourSteps(n) {
  "use workflow";
  let last = { n };
  for (const label of labels) last = await count(last.n, label);
  return last;
}

async function make(kind) {
  "use step";
  return { held: madeOf(kind) };
}

async function look(value) {
  "use step";
  return found(value.held);
}

export async function carry(kind) {
  "use workflow";
  return look(await make(kind));
}
