// What every engine here runs: four steps that count up, and a value carried from one step to the next.
// Boundary: plain functions, the same for all; how an engine calls them is its own file. Plain JavaScript, because one of the
// engines runs on an older Node than ours. Invariant: the answer of four steps is 4, or something was lost or done twice.
export const labels = ["first", "second", "third", "fourth"];

export async function countUp(n, label) {
  return { n: n + 1, label, score: 0.5 };
}

class Money {
  constructor(amount) {
    this.amount = amount;
  }
  doubled() {
    return this.amount * 2;
  }
}

const megabyte = 2 ** 20;

/** A value of a kind that systems lose on the way. */
export function madeOf(kind) {
  switch (kind) {
    case "Date":
      return new Date(0);
    case "Map":
      return new Map([["a", 1]]);
    case "class instance":
      return new Money(2);
    case "10 MB string":
      return "x".repeat(10 * megabyte);
    case "100 MB string":
      return "x".repeat(100 * megabyte);
    default:
      throw new Error(`no value of kind ${kind}`);
  }
}

export const kinds = ["Date", "Map", "class instance", "10 MB string", "100 MB string"];

/** What the next step was given, in words. */
export function found(value) {
  if (value instanceof Date) return "Date";
  if (value instanceof Map) return `Map of ${value.size}`;
  if (typeof value?.doubled === "function") return "instance with its method";
  if (typeof value === "string")
    return value.length < 100 ? `string ${value}` : `string of ${value.length / megabyte} MB`;
  return `plain ${JSON.stringify(value)}`;
}
